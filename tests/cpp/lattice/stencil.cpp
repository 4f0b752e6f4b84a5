// stencil.cpp: tests of spans and stencils against a look at every cell of the world.
#include "lattice/stencil.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <vector>

#include "../space/brute_force.hpp"

namespace {

using bw::CellBox;
using bw::CellLayer;
using bw::Domain;
using bw::kAxes;
using bw::space_tests::Draw;
using Cell = std::array<std::int64_t, kAxes>;

bw::Schema soil() {
  bw::Schema schema;
  schema.add({"Soil", {{"wet", {bw::Scalar::i32, 1}, {}}}});
  return schema;
}

CellBox whole(const Domain& domain, std::int64_t halo) {
  CellBox box = bw::world_box(domain, {7, 5, 3});
  box.reach = halo;
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
    box.low[a] = -halo;
    box.extent[a] = box.cells[a] + 2 * halo;
  }
  return box;
}

Cell cell_in(const CellBox& world, std::uint64_t number) {
  Cell cell{};
  for (std::size_t a = 0; a < kAxes; ++a) {
    cell[a] = static_cast<std::int64_t>(number) % world.cells[a];
    number /= static_cast<std::uint64_t>(world.cells[a]);
  }
  return cell;
}

// The cell a step away, or kNoCell beyond the edge of a bounded world.
std::uint64_t beside(const CellBox& world, const Cell& cell, const Cell& step) {
  std::int64_t number = 0;
  for (std::size_t a = kAxes; a-- > 0;) {
    std::int64_t at = cell[a] + step[a];
    if (world.periodic) {
      at = (at + world.cells[a]) % world.cells[a];
    }
    if (at < 0 || at >= world.cells[a]) {
      return CellLayer::kNoCell;
    }
    number = number * world.cells[a] + at;
  }
  return static_cast<std::uint64_t>(number);
}

bw::Place place_of(const Cell& cell) {
  bw::Place place{};
  for (std::size_t a = 0; a < kAxes; ++a) {
    place[a] = static_cast<double>(cell[a]);
  }
  return place;
}

double squared_distance(const Domain& domain, const Cell& from, const Cell& step) {
  return bw::space_tests::distance2_of(domain, place_of(from), place_of(step));
}

bool is_far(const Domain& domain, const Cell& from, const Cell& step, std::int64_t radius) {
  switch (domain.metric) {
    case bw::Metric::hexagonal:
      return squared_distance(domain, from, step) > static_cast<double>(radius * radius);
    case bw::Metric::manhattan:
      return std::abs(step[0]) + std::abs(step[1]) + std::abs(step[2]) > radius;
    default:
      return false;  // the whole block
  }
}

// Cells within a radius, in the order of places, and their offsets.
void look_around(const Domain& domain, const CellBox& world, std::uint64_t cell,
                 std::int64_t radius, std::vector<std::uint64_t>& cells,
                 std::vector<Cell>& offsets) {
  const std::int64_t deep = domain.dims > 2 ? radius : 0;
  for (std::int64_t z = -deep; z <= deep; ++z) {
    for (std::int64_t y = -radius; y <= radius; ++y) {
      for (std::int64_t x = -radius; x <= radius; ++x) {
        const Cell step{x, y, z};
        const bool far = is_far(domain, cell_in(world, cell), step, radius);
        const std::uint64_t there = beside(world, cell_in(world, cell), step);
        if (!far && (x != 0 || y != 0 || z != 0) && there != CellLayer::kNoCell) {
          cells.push_back(there);
          offsets.push_back({x, y, z});
        }
      }
    }
  }
}

TEST_CASE("the stencil of a span leads to all cells around and to nothing else") {
  const bw::Schema schema = soil();
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    const Domain domain = bw::space_tests::random_domain(draw);
    const bw::Tiling tiling(domain, 9);
    const std::int64_t halo = draw.whole(1, 2);
    const std::int64_t radius = draw.whole(0, halo);
    const bw::TileId most = static_cast<bw::TileId>(draw.whole(1, 12));
    const CellLayer layer(schema, {0}, domain, whole(domain, halo), tiling,
                          [&](bw::TileId tile) { return tile <= most; });
    const bw::SpanList list(layer);
    const bw::Stencils stencils(domain, layer.box(), radius, list.shapes());
    const CellBox world = bw::world_box(domain, {7, 5, 3});
    std::vector<int> listed(layer.table().size(), 0);
    for (const bw_span& span : list.spans()) {
      REQUIRE(span.shape >= 0);
      REQUIRE(span.shape < static_cast<std::int64_t>(list.shapes().size()));
      const bw_stencil& stencil = stencils.by_shape()[span.shape];
      for (std::int64_t row = span.begin; row < span.end; ++row) {
        ++listed[static_cast<std::size_t>(row)];
        std::vector<std::uint64_t> cells;
        std::vector<Cell> offsets;
        look_around(domain, world, layer.cell_id(static_cast<std::size_t>(row)), radius, cells,
                    offsets);
        REQUIRE(stencil.count == static_cast<std::int64_t>(cells.size()));
        for (std::size_t k = 0; k < cells.size(); ++k) {
          CHECK(layer.cell_id(static_cast<std::size_t>(row + stencil.steps[k])) == cells[k]);
          for (std::size_t a = 0; a < kAxes; ++a) {
            CHECK(stencil.offset[a][k] == static_cast<double>(offsets[k][a]));
          }
          const Cell from = cell_in(world, layer.cell_id(static_cast<std::size_t>(row)));
          CHECK(stencil.distance2[k] == squared_distance(domain, from, offsets[k]));
        }
      }
    }
    for (std::size_t row = 0; row < listed.size(); ++row) {
      CHECK(listed[row] == (layer.is_owned(row) ? 1 : 0));
    }
  }
}

TEST_CASE("a run of cells is cut where the neighbourhood changes; a periodic line is one span") {
  const bw::Schema schema = soil();
  Domain domain{bw::SpaceKind::grid, 2, {9.0, 6.0}};
  const bw::Tiling tiling(domain, 4);
  const auto all = [](bw::TileId) { return true; };
  const CellLayer bounded(schema, {0}, domain, whole(domain, 2), tiling, all);
  const bw::SpanList list(bounded);
  CHECK(list.spans().size() == 6 * 5);
  CHECK(list.shapes().size() == 25);
  std::vector<bw_span> cut;
  const auto first = static_cast<std::uint32_t>(bounded.row_of_cell(9));
  list.cut({first, first + 9}, cut);
  REQUIRE(cut.size() == 5);
  CHECK(cut[2].begin == first + 2);
  CHECK(cut[2].end == first + 7);
  domain.periodic = true;
  const CellLayer periodic(schema, {0}, domain, whole(domain, 2), tiling, all);
  CHECK(bw::SpanList(periodic).spans().size() == 6);
  CHECK(bw::SpanList(periodic).shapes().size() == 1);
  domain.metric = bw::Metric::hexagonal;
  const CellLayer hexagons(schema, {0}, domain, whole(domain, 2), tiling, all);
  CHECK(bw::SpanList(hexagons).spans().size() == 6);
  CHECK(bw::SpanList(hexagons).shapes().size() == 2);
}

}  // namespace
