// locality.cpp: tests that rows are put in the order of their cells, and left alone where that
// would not pay.
#include "space/locality.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "random_world.hpp"

namespace {

using bw::CellBox;
using bw::Domain;
using bw::space_tests::Agents;
using bw::space_tests::Draw;
using bw::space_tests::SourceBytes;

TEST_CASE(
    "rows in their new order stand in ascending cells, those of one cell in the order in which "
    "they were") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    const Domain domain = bw::space_tests::random_domain(draw);
    const Agents agents = bw::space_tests::random_agents(
        domain, 0.5, static_cast<std::size_t>(draw.whole(0, 100)), draw);
    const SourceBytes bytes(domain, agents);
    // In every other world there are far more cells than rows.
    const bool vast = seed % 2 == 1 && !domain.integral();
    const CellBox world =
        bw::world_box(domain, vast ? std::array<std::int64_t, bw::kAxes>{70000, 80000, 1}
                                   : std::array<std::int64_t, bw::kAxes>{3, 4, 2});
    const auto cell = [&](std::size_t row) {
      return bw::cell_at(world, domain, agents.places[row]);
    };
    const std::vector<std::uint32_t> order =
        bw::order_by_cell(world, domain, bytes.source().places, agents.size(), 0.0);
    std::vector<std::uint32_t> wanted(agents.size());
    for (std::uint32_t row = 0; row < wanted.size(); ++row) {
      wanted[row] = row;
    }
    const bool sorted =
        std::is_sorted(wanted.begin(), wanted.end(),
                       [&](std::uint32_t a, std::uint32_t b) { return cell(a) < cell(b); });
    std::stable_sort(wanted.begin(), wanted.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return cell(a) < cell(b); });
    CHECK(order == (sorted ? std::vector<std::uint32_t>{} : wanted));
  }
}

TEST_CASE("rows of which few are out of order stay as they are") {
  const Domain domain{bw::SpaceKind::grid, 2, {10.0, 10.0}, false, false};
  Agents agents;
  for (int i = 0; i < 100; ++i) {
    agents.ids.push_back(static_cast<bw::EntityId>(i + 1));
    agents.places.push_back({static_cast<double>(i % 10), static_cast<double>(i / 10), 0.0});
  }
  std::swap(agents.places[3], agents.places[50]);
  const SourceBytes bytes(domain, agents);
  const CellBox world = bw::world_box(domain, {});
  CHECK(bw::order_by_cell(world, domain, bytes.source().places, 100, 0.1).empty());
  CHECK(bw::order_by_cell(world, domain, bytes.source().places, 100, 0.0).size() == 100);
}

}  // namespace
