// entity_index.cpp: tests of the index against std::unordered_map, under births, deaths, arrivals
// and rows that move.
#include "ecs/entity_index.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "base/errors.hpp"
#include "base/philox.hpp"

namespace {

using bw::EntityId;
using bw::EntityIndex;
using bw::FlatMap;
using bw::Location;

using Known = std::unordered_map<EntityId, Location>;

bool agree(const EntityIndex& index, const Known& known, const std::vector<EntityId>& asked) {
  bool same = index.size() == known.size();
  for (const EntityId id : asked) {
    const auto found = known.find(id);
    const auto at = index.find(id);
    same = same && (found == known.end() ? !at : at == found->second);
  }
  std::vector<Location> all(asked.size());
  index.find_all(asked, all.data());
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto found = known.find(asked[i]);
    same = same && all[i] == (found == known.end() ? bw::kNowhere : found->second);
  }
  return same;
}

TEST_CASE("a flat map holds what an unordered map holds, through growth, erasure and shrinking") {
  bw::RandomStream draw(3, 1, 0);
  FlatMap map;
  std::unordered_map<std::uint64_t, std::uint64_t> model;
  for (int round = 0; round < 6; ++round) {
    const bool growing = round % 2 == 0;
    for (int i = 0; i < 20000; ++i) {
      const std::uint64_t key = (draw.integers(30000) + 1) << (draw.integers(2) * 30);
      if (draw.integers(10) < (growing ? 8u : 2u)) {
        map[key] = model[key] = draw.word();
      } else {
        CHECK(map.erase(key) == (model.erase(key) > 0));
      }
    }
    REQUIRE(map.size() == model.size());
    for (std::uint64_t key = 1; key <= 30000; ++key) {
      const auto found = model.find(key);
      const std::uint64_t* value = map.find(key);
      REQUIRE((value != nullptr) == (found != model.end()));
      CHECK((value == nullptr || *value == found->second));
    }
  }
}

TEST_CASE("an empty map finds nothing and erases nothing") {
  FlatMap map;
  CHECK(map.find(7) == nullptr);
  CHECK_FALSE(map.erase(7));
  map[7] = 1;
  CHECK(map.erase(7));
  CHECK(map.find(7) == nullptr);
  CHECK(map.size() == 0);
}

// Entities come and go as in a run: births in a row in several tiles, arrivals of old ids, deaths
// of most.
TEST_CASE("after any births, arrivals, moves of rows and deaths all locations are right") {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    CAPTURE(seed);
    bw::RandomStream draw(seed, 2, 0);
    EntityIndex index;
    Known known;
    std::vector<EntityId> ever;
    std::vector<EntityId> gone;
    std::vector<std::uint64_t> next(4, 1);
    std::uint32_t row = 0;
    for (int step = 0; step < 400; ++step) {
      const auto tile = static_cast<bw::TileId>(draw.integers(4));
      const std::size_t births = draw.integers(3) == 0 ? draw.integers(700) : draw.integers(4);
      if (births > 0) {
        const Location at{tile, row};
        index.add(bw::make_id(tile, next[tile]), births, at);
        for (std::size_t i = 0; i < births; ++i, ++row) {
          ever.push_back(bw::make_id(tile, next[tile]++));
          known[ever.back()] = {tile, row};
        }
      }
      for (std::size_t i = draw.integers(900); i > 0 && !ever.empty(); --i) {
        const EntityId id = ever[draw.integers(ever.size())];
        const auto taken = index.take(id);
        const auto found = known.find(id);
        REQUIRE(taken.has_value() == (found != known.end()));
        if (taken) {
          CHECK(*taken == found->second);
          known.erase(found);
          gone.push_back(id);
        }
      }
      // Many at once, neighbours and strangers among them: they end, or are put back, or move.
      std::vector<EntityId> many;
      for (std::size_t i = draw.integers(60); i > 0 && !ever.empty(); --i) {
        const EntityId first = ever[draw.integers(ever.size())];
        for (std::uint64_t k = 0, run = draw.integers(40); k < run; ++k) {
          many.push_back(first + k);
        }
      }
      std::sort(many.begin(), many.end());
      many.erase(std::unique(many.begin(), many.end()), many.end());
      std::vector<Location> taken(many.size());
      index.take_all(many, taken.data());
      for (std::size_t i = 0; i < many.size(); ++i) {
        const auto found = known.find(many[i]);
        REQUIRE(taken[i] == (found == known.end() ? bw::kNowhere : found->second));
        if (found != known.end() && step % 2 == 0) {
          index.put_back(many[i], taken[i]);
        } else if (found != known.end()) {
          known.erase(found);
          gone.push_back(many[i]);
        }
      }
      if (step % 2 == 0) {
        std::erase_if(many, [&](EntityId id) { return !known.contains(id); });
        index.set_all(many, {5, row});
        for (const EntityId id : many) {
          known[id] = {5, row++};
        }
      }
      if (step % 3 == 0) {
        index.tidy();
      }
      // Some that left come back: alone, or as neighbours in one run.
      std::vector<EntityId> back;
      for (std::size_t i = draw.integers(400); i > 0 && !gone.empty(); --i) {
        back.push_back(gone.back());
        gone.pop_back();
      }
      std::sort(back.begin(), back.end());
      index.arrive(back, {9, row});
      for (const EntityId id : back) {
        known[id] = {9, row++};
      }
      for (std::size_t i = draw.integers(50); i > 0 && !known.empty(); --i) {
        const EntityId id = ever[draw.integers(ever.size())];
        if (known.contains(id)) {
          const Location moved{7, static_cast<std::uint32_t>(draw.integers(1000))};
          index.set(id, moved);
          known[id] = moved;
        }
      }
      if (step % 40 == 0) {
        REQUIRE(agree(index, known, ever));
      }
    }
    CHECK(agree(index, known, ever));
  }
}

TEST_CASE("survivors of a page that was given back are found although a neighbour comes back") {
  EntityIndex index;
  index.add(bw::make_id(1, 0x100), 256, {0, 0});
  for (std::uint64_t i = 0; i < 250; ++i) {
    index.take(bw::make_id(1, 0x100 + i));
  }
  index.tidy();
  const std::vector<EntityId> back{bw::make_id(1, 0x105)};
  index.arrive(back, {3, 4});
  CHECK(index.find(bw::make_id(1, 0x105)) == Location{3, 4});
  for (std::uint64_t i = 250; i < 256; ++i) {
    CHECK(index.find(bw::make_id(1, 0x100 + i)) == Location{0, static_cast<std::uint32_t>(i)});
  }
}

TEST_CASE("what is learnt anew is as if it had been told, in any order of rows") {
  bw::RandomStream draw(11, 2, 0);
  EntityIndex index;
  index.add(bw::make_id(3, 1), 1000, {8, 8});  // is forgotten
  std::vector<std::vector<EntityId>> tables(3);
  Known known;
  std::vector<EntityId> ever;
  for (std::uint64_t i = 1; i < 5000; ++i) {
    const EntityId id = bw::make_id(static_cast<bw::TileId>(i / 2000), i);
    const bool crowded = i % 1024 < 512;  // of other pages a few are left
    ever.push_back(id);
    if (draw.integers(crowded ? 2 : 40) == 0) {
      tables[draw.integers(3)].push_back(id);
    }
  }
  std::vector<std::span<const EntityId>> shown;
  for (std::uint32_t t = 0; t < 3; ++t) {
    for (std::size_t i = tables[t].size(); t < 2 && i > 1; --i) {
      std::swap(tables[t][i - 1], tables[t][draw.integers(i)]);
    }
    for (std::uint32_t row = 0; row < tables[t].size(); ++row) {
      known[tables[t][row]] = {t, row};
    }
    shown.emplace_back(tables[t]);
  }
  index.learn(shown);
  CHECK(agree(index, known, ever));
  CHECK_FALSE(index.find(bw::make_id(3, 1)));
  for (std::uint64_t i = 0; i < ever.size(); i += 2) {
    CHECK(index.take(ever[i]).has_value() == (known.erase(ever[i]) > 0));
  }
  index.tidy();
  CHECK(agree(index, known, ever));
}

TEST_CASE("an unknown entity is nowhere, and cannot be moved to another row") {
  EntityIndex index;
  CHECK_FALSE(index.find(42));
  CHECK_FALSE(index.take(42));
  CHECK_THROWS_AS(index.set(42, {0, 0}), bw::InternalError);
  CHECK(index.size() == 0);
}

TEST_CASE("memory follows the living: some bytes each, however many came before them") {
  EntityIndex index;
  const auto per_entity = [&] {
    return static_cast<double>(index.bytes()) / static_cast<double>(index.size());
  };
  index.add(bw::make_id(0, 1), 1'000'000, {0, 0});
  CHECK(per_entity() < 10.0);
  // All but every hundredth end.
  for (std::uint64_t i = 0; i < 1'000'000; ++i) {
    if (i % 100 != 0) {
      index.take(bw::make_id(0, 1 + i));
    }
  }
  index.tidy();
  CHECK(index.size() == 10'000);
  CHECK(per_entity() < 60.0);
  // A stream of short lives leaves nothing behind.
  std::uint64_t next = 2'000'000;
  for (int round = 0; round < 2000; ++round) {
    index.add(bw::make_id(0, next), 100, {0, 0});
    for (std::uint64_t i = 0; i < 100; ++i) {
      index.take(bw::make_id(0, next++));
    }
    index.tidy();
  }
  CHECK(index.size() == 10'000);
  CHECK(per_entity() < 60.0);
}

}  // namespace
