// fields.cpp: tests of fields that spread, in whole simulations, against sums over all cells.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "base/errors.hpp"
#include "schedule/spread.hpp"
#include "zoo.hpp"

namespace {

using bw::Domain;
using bw::Simulation;
using bw::engine_tests::kScent;
using bw::engine_tests::Zoo;

std::unique_ptr<Simulation> spreading(const Domain& domain, bw::RunSpec run, double diffuse,
                                      double decay) {
  Zoo zoo;
  zoo.domain = domain;
  zoo.lattice = {9, 6, 4};
  bw::ModelSpec model = model_of(zoo);
  bw::Behavior behavior;
  behavior.name = "field Grass.scent";
  behavior.kernel = bw::spread_field;
  behavior.of_cells = true;
  behavior.takes_spans = true;
  behavior.components = {bw::engine_tests::kGrass};
  behavior.columns = {{kScent, true, true}};
  behavior.reaches = {bw::engine_tests::reach_of_cells()};
  behavior.spread.emplace();
  behavior.spread->diffuse.constant = diffuse;
  behavior.spread->decay.constant = decay;
  model.phases.push_back({{behavior}});
  auto simulation = std::make_unique<Simulation>(std::move(model), run);
  std::vector<double> start;
  for (std::uint64_t cell = 0; cell < simulation->count(bw::engine_tests::kGrass); ++cell) {
    start.push_back(bw::RandomStream(3, cell, 0).uniform());
  }
  simulation->set_cells(kScent, reinterpret_cast<const std::byte*>(start.data()), sizeof(double));
  return simulation;
}

std::vector<double> scents(const Simulation& simulation) {
  std::vector<double> values(simulation.count(bw::engine_tests::kGrass));
  for (std::uint64_t cell = 0; cell < values.size(); ++cell) {
    std::array<std::byte, sizeof(double)> value{};
    CHECK(simulation.read_cell(cell, kScent, value.data()));
    std::memcpy(&values[cell], value.data(), sizeof(double));
  }
  return values;
}

double total(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) {
    sum += value;
  }
  return sum;
}

const std::vector<Domain> kDomains{
    bw::engine_tests::grid({9.0, 6.0, 0.0}, true),
    bw::engine_tests::grid({9.0, 6.0, 0.0}, false, false, bw::Metric::manhattan),
    bw::engine_tests::grid({9.0, 6.0, 0.0}, true, false, bw::Metric::hexagonal),
    bw::engine_tests::grid({7.0, 5.0, 0.0}, false, false, bw::Metric::hexagonal),
    bw::engine_tests::grid({5.0, 6.0, 4.0}, false),
    bw::engine_tests::continuous({3.0, 7.0, 0.0}, true),
    bw::engine_tests::continuous({3.0, 7.0, 0.0}, false),
};

TEST_CASE("diffusion keeps the total, decay takes its share, on any ranks and threads alike") {
  for (const Domain& domain : kDomains) {
    CAPTURE(domain.dims);
    CAPTURE(domain.periodic);
    std::vector<double> first;
    for (const bw::RunSpec& run :
         {bw::RunSpec{1, 1, false}, bw::RunSpec{2, 2, false}, bw::RunSpec{3, 1, true}}) {
      const auto simulation = spreading(domain, run, 0.7, 0.25);
      const double before = total(scents(*simulation));
      simulation->run(3, {});
      const std::vector<double> after = scents(*simulation);
      CHECK(total(after) == doctest::Approx(before * std::pow(0.75, 3)).epsilon(1e-13));
      CHECK((first.empty() || first == after));
      first = after;
    }
  }
}

TEST_CASE("a cell in the middle gives the same to each cell around, and keeps the rest") {
  const Domain domain = bw::engine_tests::grid({9.0, 6.0, 0.0}, false);
  const auto simulation = spreading(domain, {1, 1, false}, 0.5, 0.0);
  std::vector<double> start(54, 0.0);
  start[2 * 9 + 4] = 16.0;
  simulation->set_cells(kScent, reinterpret_cast<const std::byte*>(start.data()), sizeof(double));
  simulation->run(1, {});
  const std::vector<double> after = scents(*simulation);
  for (std::size_t cell = 0; cell < after.size(); ++cell) {
    const bool near = cell / 9 >= 1 && cell / 9 <= 3 && cell % 9 >= 3 && cell % 9 <= 5;
    CHECK(after[cell] == (cell == 2 * 9 + 4 ? 8.0 : near ? 1.0 : 0.0));
  }
}

TEST_CASE("shares outside of 0 to 1 are refused") {
  const Domain domain = bw::engine_tests::grid({9.0, 6.0, 0.0}, false);
  CHECK_THROWS_AS(spreading(domain, {1, 1, false}, 1.5, 0.0), bw::UserError);
  CHECK_THROWS_AS(spreading(domain, {1, 1, false}, 0.5, -0.5), bw::UserError);
}

}  // namespace
