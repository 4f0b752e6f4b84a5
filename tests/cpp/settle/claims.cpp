// claims.cpp: tests of claims against plain models of their rules.
#include "settle/claims.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "base/philox.hpp"
#include "base/whole.hpp"

namespace {

using bw::AgentAt;
using bw::Claim;
using bw::ClaimOutcome;
using bw::ClaimTarget;
using bw::EntityId;
using bw::FieldKey;
using bw::Scalar;

constexpr bw::ComponentId kPlot = 0, kBeast = 1;

bw::Schema plots(Scalar stock, Scalar field) {
  bw::Schema schema;
  schema.add({"Plot", {{"stock", {stock, 1}, {}}, {"field", {field, 1}, {}}}});
  schema.add({"Beast", {{"position", {Scalar::i32, 2}, {}}}});
  return schema;
}

const bw::Domain kDomain{bw::SpaceKind::grid, 2, {5.0, 4.0}, true};

bw::CellLayer layer_of(const bw::Schema& schema, std::int64_t halo) {
  bw::CellBox box = bw::world_box(kDomain, {});
  box.reach = halo;
  for (std::size_t a = 0; a < 2; ++a) {
    box.low[a] = -halo;
    box.extent[a] = box.cells[a] + 2 * halo;
  }
  const bw::Tiling tiling(kDomain, 4);
  return {schema, {kPlot}, kDomain, box, tiling, [](bw::TileId) { return true; }};
}

std::byte* value_at(bw::CellLayer& cells, std::uint32_t field, std::uint64_t cell) {
  bw::Table& table = cells.table();
  return table.column(table.find_column({kPlot, field}).value())
      .at(static_cast<std::size_t>(cells.row_of_cell(cell)));
}

std::vector<Claim> random_claims(bw::RandomStream& draw, std::uint32_t kinds) {
  std::vector<Claim> claims;
  for (std::uint64_t i = draw.integers(60); i > 0; --i) {
    const EntityId who = 1 + draw.integers(25);
    claims.push_back({draw.integers(20),
                      who,
                      static_cast<std::uint32_t>(draw.integers(kinds)),
                      1 + static_cast<std::uint32_t>(draw.integers(3)),
                      {1, static_cast<std::uint32_t>(who)}});
  }
  return claims;
}

std::map<std::pair<EntityId, std::uint32_t>, std::int64_t> totals(
    const std::vector<bw::Grant>& grants) {
  std::map<std::pair<EntityId, std::uint32_t>, std::int64_t> total;
  for (const bw::Grant& grant : grants) {
    CHECK(grant.count > 0);
    CHECK(grant.at == bw::Location{1, static_cast<std::uint32_t>(grant.claimant)});
    total[{grant.claimant, grant.kind}] += grant.count;
  }
  return total;
}

constexpr std::int64_t kTick = 7;
constexpr std::size_t kCells = 20;

// A claimant has one priority for a kind of claim in a tick.
std::vector<Claim> in_order(std::vector<Claim> claims, const std::vector<ClaimTarget>& targets) {
  const auto turn = [&](const Claim& claim) {
    return std::tuple(claim.kind, claim.cell,
                      bw::random_word(targets[claim.kind].key, claim.claimant, kTick, 0),
                      claim.claimant);
  };
  std::sort(claims.begin(), claims.end(),
            [&](const Claim& a, const Claim& b) { return turn(a) < turn(b); });
  return claims;
}

TEST_CASE(
    "claimants get a cell's stock one after another, as far as it goes, in any width of numbers") {
  for (const Scalar scalar : {Scalar::boolean, Scalar::i8, Scalar::u8, Scalar::i16, Scalar::u16,
                              Scalar::i32, Scalar::u32, Scalar::i64, Scalar::u64}) {
    const bw::Schema schema = plots(scalar, Scalar::f64);
    bw::ClaimSettler settler;
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      CAPTURE(seed);
      bw::RandomStream draw(seed, 2, 0);
      bw::CellLayer cells = layer_of(schema, static_cast<std::int64_t>(draw.integers(3)));
      std::vector<std::int64_t> stock(20);
      for (std::uint64_t cell = 0; cell < 20; ++cell) {
        stock[cell] = static_cast<std::int64_t>(draw.integers(scalar == Scalar::boolean ? 2 : 6));
        bw::add_whole(scalar, value_at(cells, 0, cell), stock[cell]);
      }
      const std::vector<ClaimTarget> targets{{FieldKey{kPlot, 0}, std::nullopt, 5},
                                             {FieldKey{kPlot, 0}, std::nullopt, 6}};
      std::vector<Claim> claims = random_claims(draw, 2);
      std::map<std::pair<EntityId, std::uint32_t>, std::int64_t> wanted;
      for (const Claim& claim : in_order(claims, targets)) {
        const std::int64_t granted = std::min<std::int64_t>(stock[claim.cell], claim.count);
        stock[claim.cell] -= granted;
        if (granted > 0) {
          wanted[{claim.claimant, claim.kind}] += granted;
        }
      }
      const ClaimOutcome outcome = settler.settle(claims, targets, {}, &cells, kCells, kTick);
      CHECK(totals(outcome.grants) == wanted);
      CHECK(outcome.taken.empty());
      for (std::uint64_t cell = 0; cell < 20; ++cell) {
        CHECK(bw::read_whole(scalar, value_at(cells, 0, cell)) == stock[cell]);
      }
    }
  }
}

TEST_CASE("a stock below zero grants nothing and stays as it is") {
  const bw::Schema schema = plots(Scalar::i32, Scalar::f64);
  bw::CellLayer cells = layer_of(schema, 0);
  bw::add_whole(Scalar::i32, value_at(cells, 0, 3), -2);
  const std::vector<Claim> claims{{3, 7, 0, 5, {}}};
  const std::vector<ClaimTarget> targets{{FieldKey{kPlot, 0}, std::nullopt, 5}};
  CHECK(bw::ClaimSettler().settle(claims, targets, {}, &cells, kCells, kTick).grants.empty());
  CHECK(bw::read_whole(Scalar::i32, value_at(cells, 0, 3)) == -2);
}

TEST_CASE(
    "agents go to claimants in the order of ids, each to one of them, and nobody gets itself") {
  const std::vector<ClaimTarget> targets{{std::nullopt, kBeast, 5}, {std::nullopt, kBeast, 6}};
  bw::ClaimSettler settler;  // keeps nothing of one world for the next
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    bw::RandomStream draw(seed, 3, 0);
    // Every agent may be asked for by two kinds of claims; claimants are agents themselves.
    std::vector<AgentAt> agents;
    std::map<std::uint64_t, std::set<EntityId>> there;
    for (EntityId id = 1; id <= 25; ++id) {
      const std::uint64_t cell = draw.integers(20);
      agents.push_back({0, cell, id, {}});
      agents.push_back({1, cell, id, {}});
      there[cell].insert(id);
    }
    std::vector<Claim> claims = random_claims(draw, 2);
    std::map<std::pair<EntityId, std::uint32_t>, std::int64_t> wanted;
    std::set<EntityId> wanted_taken;
    for (const Claim& claim : in_order(claims, targets)) {
      std::int64_t granted = 0;
      for (auto at = there[claim.cell].begin();
           at != there[claim.cell].end() && granted < claim.count;) {
        if (*at == claim.claimant) {
          ++at;
          continue;
        }
        wanted_taken.insert(*at);
        at = there[claim.cell].erase(at);
        ++granted;
      }
      if (granted > 0) {
        wanted[{claim.claimant, claim.kind}] += granted;
      }
    }
    std::swap(agents.front(), agents.back());
    std::vector<bw::ClaimedAgents> herds(2);
    herds[0].take(agents, 0, kCells);
    herds[1].take(agents, 1, kCells);
    const ClaimOutcome outcome = settler.settle(claims, targets, herds, nullptr, kCells, kTick);
    CHECK(totals(outcome.grants) == wanted);
    std::set<EntityId> taken;
    for (const bw::Sighting& one : outcome.taken) {
      taken.insert(one.id);
    }
    CHECK(taken == wanted_taken);
    CHECK(outcome.taken.size() == wanted_taken.size());
  }
}

TEST_CASE("claimants that act one after another have their turns, and draw of the agents left") {
  for (const bw::TurnOrder order : {bw::TurnOrder::activation, bw::TurnOrder::ids}) {
    const std::vector<ClaimTarget> targets{{std::nullopt, kBeast, 5, order, 9}};
    bw::ClaimSettler settler;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      CAPTURE(seed);
      bw::RandomStream draw(seed, 3, 0);
      std::vector<AgentAt> agents;
      std::map<std::uint64_t, std::set<EntityId>> there;
      for (EntityId id = 100; id < 130; ++id) {
        agents.push_back({0, draw.integers(20), id, {}});
        there[agents.back().cell].insert(id);
      }
      std::vector<Claim> claims = random_claims(draw, 1);
      std::vector<Claim> sorted = claims;
      const std::uint64_t word = bw::activation_word(9, kTick);
      std::ranges::stable_sort(sorted, {}, [&](const Claim& claim) {
        const bool drawn = order == bw::TurnOrder::activation;
        return std::pair(drawn ? bw::activation_priority(word, claim.claimant) : 0u,
                         claim.claimant);
      });
      std::set<EntityId> wanted;
      std::map<std::pair<EntityId, std::uint32_t>, std::int64_t> granted;
      for (const Claim& claim : sorted) {
        std::set<EntityId>& left = there[claim.cell];
        for (std::uint32_t k = 0; k < claim.count && !left.empty(); ++k) {
          const std::uint64_t drawn = bw::random_word(5, claim.claimant, kTick, k + 1);
          const auto at = std::next(
              left.begin(), static_cast<std::ptrdiff_t>(bw::scale_word(drawn, left.size())));
          wanted.insert(*at);
          left.erase(at);
          granted[{claim.claimant, 0}] += 1;
        }
      }
      std::vector<bw::ClaimedAgents> herds(1);
      herds[0].take(agents, 0, kCells);
      const ClaimOutcome outcome = settler.settle(claims, targets, herds, nullptr, kCells, kTick);
      CHECK(totals(outcome.grants) == granted);
      std::set<EntityId> taken;
      for (const bw::Sighting& one : outcome.taken) {
        taken.insert(one.id);
      }
      CHECK(taken == wanted);
    }
  }
}

TEST_CASE("all agents of a component are listed by cell, whatever table they stand in") {
  bw::Schema schema = plots(Scalar::i32, Scalar::f64);
  const bw::ComponentId tag = schema.add({"Tag", {}});
  bw::Store store(schema);
  const std::vector<EntityId> ids{4, 3, 2, 1};
  const std::vector<EntityId> others{9};
  const std::uint32_t plain = store.table_for({kBeast});
  const std::uint32_t tagged = store.table_for({kBeast, tag});
  store.insert(plain, ids);
  store.insert(tagged, others);
  const std::int32_t places[4][2] = {{0, 0}, {4, 3}, {1, 0}, {4, 3}};
  std::memcpy(store.table(plain).column(0).data(), places, sizeof(places));
  std::memcpy(store.table(tagged).column(0).data(), places[1], sizeof(places[1]));
  bw::ClaimedAgents agents;
  agents.take_all(store, kBeast, kDomain, bw::world_box(kDomain, {}));
  std::vector<bw::Sighting> there;
  agents.list(19, there);
  REQUIRE(there.size() == 3);
  CHECK(there[0].id == 1);
  CHECK(there[0].at == bw::Location{plain, 3});
  CHECK(there[1].at == bw::Location{plain, 1});
  CHECK(there[2].at == bw::Location{tagged, 0});
  CHECK(agents.empty(2));
  CHECK_FALSE(agents.empty(1));
  const bw::ClaimView view{.agents = &agents};
  CHECK(view.nothing_at(view.spot(2)));
  CHECK_FALSE(view.nothing_at(view.spot(19)));
  CHECK_FALSE(bw::ClaimView{}.nothing_at(bw::ClaimView{}.spot(2)));
  bw::CellLayer cells = layer_of(schema, 1);
  bw::add_whole(Scalar::i32, value_at(cells, 0, 19), 3);
  const bw::ClaimView stock{.cells = &cells, .stock = &cells.table().column(0)};
  for (std::uint64_t cell = 0; cell < kCells; ++cell) {
    CHECK(stock.nothing_at(stock.spot(cell)) == (cell != 19));
  }
}

TEST_CASE("agents are found in the cells that are asked for, whatever table they stand in") {
  bw::Schema schema = plots(Scalar::i32, Scalar::f64);
  const bw::ComponentId tag = schema.add({"Tag", {}});
  bw::Store store(schema);
  const std::vector<EntityId> ids{1, 2, 3, 4};
  const std::vector<EntityId> others{9};
  const std::uint32_t plain = store.table_for({kBeast});
  const std::uint32_t tagged = store.table_for({kBeast, tag});
  store.insert(plain, ids);
  store.insert(tagged, others);
  const std::int32_t places[4][2] = {{0, 0}, {4, 3}, {1, 0}, {4, 3}};
  std::memcpy(store.table(plain).column(0).data(), places, sizeof(places));
  std::memcpy(store.table(tagged).column(0).data(), places[1], sizeof(places[1]));
  const std::vector<Claim> claims{
      {1, 50, 0, 1, {}}, {19, 50, 0, 1, {}}, {19, 51, 0, 1, {}}, {2, 50, 1, 1, {}}};
  const std::vector<ClaimTarget> targets{{std::nullopt, kBeast, 5},
                                         {FieldKey{kPlot, 0}, std::nullopt, 5}};
  const auto asked = bw::cells_with_agents_claimed(claims, targets, kCells);
  REQUIRE(asked.size() == 1);
  CHECK(asked.front().cells.list() == std::vector<std::uint32_t>{1, 19});
  std::vector<AgentAt> found;
  bw::find_agents(asked.front(), kBeast, store, kDomain, bw::world_box(kDomain, {}), found);
  std::ranges::sort(found, {}, &AgentAt::id);
  CHECK(found == std::vector<AgentAt>{{0, 19, 2, {plain, 1}},
                                      {0, 1, 3, {plain, 2}},
                                      {0, 19, 4, {plain, 3}},
                                      {0, 19, 9, {tagged, 0}}});
}

}  // namespace
