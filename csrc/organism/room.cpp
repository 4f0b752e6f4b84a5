// room.cpp: the turns of soups, their letters, and the rows that they lend.
#include "organism/room.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

#include "base/checks.hpp"

namespace bw {

namespace {

constexpr FieldType kU32{Scalar::u32, 1};
constexpr FieldType kU64{Scalar::u64, 1};

// A field that is lent: where it stands in an organism, or in its biography.
struct Lent {
  const char* name;
  FieldType type;
  bool of_biography;
  std::size_t offset;
};

constexpr std::array kLent{
    Lent{"address", kU32, false, offsetof(Organism, start)},
    Lent{"size", kU32, false, offsetof(Organism, size)},
    Lent{"child_address", kU32, false, offsetof(Organism, child_start)},
    Lent{"child_size", kU32, false, offsetof(Organism, child_size)},
    Lent{"births", kU32, false, offsetof(Organism, births)},
    Lent{"errors", kU32, false, offsetof(Organism, errors)},
    Lent{"since_birth", kU32, false, offsetof(Organism, since_birth)},
    Lent{"generation", kU64, true, offsetof(Biography, generation)},
    Lent{"genotype", kU64, true, offsetof(Biography, genotype)},
    Lent{"mother", kU64, true, offsetof(Biography, parent)},
    Lent{"born", kU64, true, offsetof(Biography, born)},
};

// How a letter begins; the genome follows.
struct Passport {
  std::uint64_t parent;
  std::uint64_t generation;
};

}  // namespace

std::vector<OrganismField> organism_fields() {
  std::vector<OrganismField> fields;
  for (const Lent& lent : kLent) fields.push_back({lent.name, lent.type});
  return fields;
}

SoupRoom::SoupRoom(std::shared_ptr<const SoupSpec> spec, std::span<const TileId> own)
    : spec_(std::move(spec)) {
  for (const TileId tile : own) {
    pools_.try_emplace(tile, *spec_, tile);
  }
}

void SoupRoom::start(TileTurn& turn) {
  Pool& pool = pools_.at(turn.tile());
  pool.tile.set_next_number(turn.next_id());
  for (const auto& genome : spec_->ancestors) pool.tile.put(genome);
  turn.bear_up_to(pool.tile.next_number());
  note_ids(pool);
}

bool SoupRoom::is_open(std::int64_t tick) const {
  return spec_->migration != 0.0 && spec_->tiles > 1 && tick % spec_->migration_every == 0;
}

int SoupRoom::steps(std::int64_t tick, std::span<const std::byte>) const {
  return is_open(tick) ? 2 : 1;
}

void SoupRoom::run(TileTurn& turn) {
  Pool& pool = pools_.at(turn.tile());
  pool.tile.set_next_number(turn.next_id());
  turn.step() == 0 ? live(turn, pool.tile) : take_in(turn, pool.tile);
  turn.bear_up_to(pool.tile.next_number());
  note_ids(pool);
}

void SoupRoom::live(TileTurn& turn, Tile& tile) {
  tile.let_leave(is_open(turn.tick()) ? spec_->migration : 0.0, spec_->tiles - 1);
  tile.run(tile.counts().instructions + spec_->instructions);
  for (const Emigrant& emigrant : tile.take_emigrants()) send(turn, emigrant);
}

void SoupRoom::send(TileTurn& turn, const Emigrant& emigrant) const {
  const Passport passport{emigrant.parent, emigrant.generation};
  std::vector<std::byte> letter(sizeof(passport) + emigrant.genome.size());
  std::memcpy(letter.data(), &passport, sizeof(passport));
  std::memcpy(letter.data() + sizeof(passport), emigrant.genome.data(), emigrant.genome.size());
  const TileId to = emigrant.to + 1;  // tiles are numbered from 1 on; its own is passed over
  turn.send(to < turn.tile() ? to : to + 1, letter);
}

void SoupRoom::take_in(const TileTurn& turn, Tile& tile) const {
  for (const Letter& letter : turn.received()) {
    Passport passport;
    BW_CHECK(letter.content.size() > sizeof(passport), "immigrants have a genome");
    std::memcpy(&passport, letter.content.data(), sizeof(passport));
    const auto* genome =
        reinterpret_cast<const std::uint8_t*>(letter.content.data() + sizeof(passport));
    const std::size_t size = letter.content.size() - sizeof(passport);
    tile.settle({0, passport.parent, passport.generation, {genome, genome + size}});
  }
}

void SoupRoom::note_ids(Pool& pool) {
  pool.ids.clear();
  for (const Organism& organism : pool.tile.organisms()) pool.ids.push_back(organism.number);
}

LentRows SoupRoom::rows(TileId tile) {
  const Pool& pool = pools_.at(tile);
  LentRows rows{pool.ids, {}, nullptr};
  // Nobody writes to what is lent: the room's spec names no field that others may.
  const auto first = [](const auto& of) {
    using Byte = std::byte;
    return of.empty() ? nullptr : const_cast<Byte*>(reinterpret_cast<const Byte*>(of.data()));
  };
  std::byte* organisms = first(pool.tile.organisms());
  std::byte* biographies = first(pool.tile.biographies());
  for (std::uint32_t i = 0; i < kLent.size(); ++i) {
    const Lent& lent = kLent[i];
    std::byte* from = lent.of_biography ? biographies : organisms;
    const std::size_t stride = lent.of_biography ? sizeof(Biography) : sizeof(Organism);
    rows.columns.push_back({{spec_->component, i},
                            from == nullptr ? nullptr : from + lent.offset,
                            static_cast<std::int64_t>(stride)});
  }
  return rows;
}

void SoupRoom::end(TileId tile, std::span<const EntityId> ids) {
  Pool& pool = pools_.at(tile);
  for (const EntityId id : ids) {
    const auto organisms = pool.tile.organisms();
    const auto found = std::find_if(organisms.begin(), organisms.end(),
                                    [&](const Organism& one) { return one.number == id; });
    BW_CHECK(found != organisms.end(), "who is ordered to end is there");
    pool.tile.end(static_cast<std::uint32_t>(found - organisms.begin()));
  }
  note_ids(pool);
}

SoupTotals SoupRoom::totals() const {
  SoupTotals sum;
  for (const auto& [number, pool] : pools_) {
    const TileCounts& counts = pool.tile.counts();
    sum.counts.instructions += counts.instructions;
    sum.counts.births += counts.births;
    sum.counts.errors += counts.errors;
    sum.counts.emigrants += counts.emigrants;
    sum.counts.immigrants += counts.immigrants;
    for (std::size_t i = 0; i < kDeathCauses; ++i) sum.counts.deaths[i] += counts.deaths[i];
    for (std::size_t i = 0; i < kMutationKinds; ++i) {
      sum.counts.mutations[i] += counts.mutations[i];
    }
    sum.population += pool.tile.organisms().size();
    sum.size_sum += pool.tile.cells_owned_by_adults();
  }
  return sum;
}

std::vector<TileId> SoupRoom::tiles() const {
  std::vector<TileId> tiles;
  for (const auto& [number, pool] : pools_) tiles.push_back(number);
  return tiles;
}

TileRoomSpec soup_room(std::shared_ptr<const SoupSpec> spec) {
  TileRoomSpec room;
  room.name = SoupRoom::kName;
  room.components = {spec->component};
  room.ends_by_order = true;
  room.make = [spec = std::move(spec)](std::span<const TileId> own) {
    return std::make_unique<SoupRoom>(spec, own);
  };
  return room;
}

}  // namespace bw
