// tile.hpp: a soup and the organisms in it: whose turn it is, who is born, who dies.
//
// Order rules. Organisms take turns in a ring; a child takes its place right before its mother, so
// it runs when all others have. Nothing else runs meanwhile. Death comes from the top of the
// reaper's queue: a newly born enters it at the bottom, an error moves an organism up by one where
// the one above it has no more errors, memory or a birth moves it down by one where the one below
// has no fewer. Random numbers come from streams of the tile, one a purpose. So a tile's history
// follows from (seed, tile, settings, what was put into it or came from other tiles).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "organism/reaper_queue.hpp"
#include "organism/settings.hpp"
#include "vm/draws.hpp"
#include "vm/interpreter.hpp"
#include "vm/isa.hpp"
#include "vm/processor.hpp"
#include "vm/soup.hpp"

namespace bw {

// Of an organism, what its instructions do not need.
struct Biography {
  std::uint64_t genotype = 0;  // the hash of its genome when it was born
  std::uint64_t parent = 0;    // the number of its mother; kNoParent: it was put there
  std::uint64_t born = 0;      // how many instructions the tile had executed
  std::uint64_t generation = 0;
};

inline constexpr std::uint64_t kNoParent = 0;

inline constexpr std::size_t kStreams = 8;  // of random numbers, one a purpose

enum class Death : std::uint8_t { kMemory, kLazy, kOrder };  // kOrder: from outside
inline constexpr std::size_t kDeathCauses = 3;

enum class MutationKind : std::uint8_t {
  kCopy,
  kBackground,
  kFlaw,
  kPoint,
  kSameSizeCrossover,
  kCrossover,
  kInsertion,
  kDeletion,
  kSegmentCrossover,
  kSegmentInsertion,
  kSegmentDeletion,
};
inline constexpr std::size_t kMutationKinds = 11;

struct TileCounts {
  std::uint64_t instructions = 0;
  std::uint64_t births = 0;  // those that left for other tiles too
  std::uint64_t errors = 0;
  std::uint64_t emigrants = 0;
  std::uint64_t immigrants = 0;
  std::array<std::uint64_t, kDeathCauses> deaths{};
  std::array<std::uint64_t, kMutationKinds> mutations{};
};

// What the rates of mutation and the limits of searches are made of: measured anew whenever the
// tile has executed kRatesEvery instructions.
inline constexpr std::uint64_t kRatesEvery = 1'000'000;

struct Averages {
  double size = 0.0;         // of organisms
  double population = 0.0;   // over time
  double replication = 0.0;  // instructions from birth to birth of an organism
};

// A daughter on her way to another tile.
struct Emigrant {
  std::uint32_t to = 0;  // which of the other tiles
  std::uint64_t parent = 0;
  std::uint64_t generation = 0;
  std::vector<std::uint8_t> genome;
};

struct TileState;

class Tile {
 public:
  Tile(std::shared_ptr<const InstructionSet> set, const SoupSettings& settings, std::uint64_t seed,
       std::uint64_t number);

  // Puts an organism into the first free block that is large enough; it takes its turn after all
  // others. Throws UserError where the soup has no room, or the genome is smaller than children may
  // be.
  void put(std::span<const std::uint8_t> genome);

  // The number of the next organism; by default they are numbered from 1 on.
  std::uint64_t next_number() const { return next_number_; }
  void set_next_number(std::uint64_t number) { next_number_ = number; }

  // Runs turns until at least so many instructions have been executed in all. A turn is never cut.
  void run(std::uint64_t until);

  // Lets the organism at a place alone execute up to so many instructions, until something happens
  // to it: returns how many. For looking at it; no one else has a turn.
  std::int64_t advance(std::uint32_t place, std::int64_t budget);

  // Migration (migration.cpp). From now on one in `one_in` daughters leaves for one of so many
  // other tiles; 0: none does.
  void let_leave(double one_in, std::uint32_t others);
  // Those that left since this was last asked, in the order of their births.
  std::vector<Emigrant> take_emigrants();
  // Makes room for one from another tile, where others may die for it, and lets it run after all.
  void settle(const Emigrant& immigrant);

  // Ends the organism at a place, by an order from outside.
  void end(std::uint32_t place) { kill(place, Death::kOrder); }

  // All its state beside cells, organisms and biographies, and how it is taken in (tile_state.cpp).
  TileState state() const;
  // Throws UserError for what can be no tile's state.
  void restore(const TileState& state, std::span<const std::uint8_t> cells,
               std::span<const Organism> organisms, std::span<const Biography> biographies);

  const Soup& soup() const { return soup_; }
  const SoupSettings& settings() const { return settings_; }
  const TileCounts& counts() const { return counts_; }
  const Averages& averages() const { return averages_; }
  std::span<const Organism> organisms() const { return organisms_; }
  std::span<const Biography> biographies() const { return biographies_; }
  std::uint64_t cells_owned_by_adults() const { return size_sum_; }
  std::uint32_t search_limit() const { return stretch_.search_limit; }

  // Places in the order of the reaper's queue, the top first.
  std::vector<std::uint32_t> reaper_order() const;
  // Places in the order of turns, from the one whose turn is next.
  std::vector<std::uint32_t> slicer_order() const;

 private:
  enum class Stream : std::uint8_t {
    kSlice,
    kMemory,
    kReaper,
    kCopy,
    kBackground,
    kFlaw,
    kBirth,
    kMigration,
  };
  Draws& draws(Stream stream) { return draws_[static_cast<std::size_t>(stream)]; }

  // Turns (tile.cpp).
  void begin();
  void take_turn();
  void fetch_ahead(const Organism& executing) const;
  std::int64_t slice();
  std::int64_t advance_executing(std::int64_t budget);
  void carry_out(Stop stop);
  void measure_averages();
  void use_averages();
  void mutate_cell(std::uint32_t address, MutationKind kind, Stream stream);
  std::int64_t next_wait(MutationKind kind);

  // Memory and births (birth.cpp).
  void allocate();
  std::optional<std::uint32_t> find_memory(std::uint32_t size);
  std::optional<std::uint32_t> wanted_address(std::uint32_t size);
  std::optional<std::uint32_t> memory_at(std::uint32_t size, std::optional<std::uint32_t> wanted);
  void divide();
  bool may_divide() const;
  void release_child();
  std::uint32_t enter(Block block, std::uint64_t parent, std::uint64_t generation);
  bool leaves();
  void send_away(Block child);

  // Queues and deaths (reaper.cpp).
  void enter_slicer(std::uint32_t place, std::uint32_t before);
  void enter_reaper(std::uint32_t place);
  void leave_queues(std::uint32_t place);
  void swap_slots(std::uint32_t a, std::uint32_t b);
  void move_down(std::uint32_t place);
  void note_errors(std::uint32_t errors);
  std::uint32_t reach() const;
  bool reap(std::optional<std::uint32_t> near);
  std::uint32_t choose_victim(std::optional<std::uint32_t> near);
  void kill(std::uint32_t place, Death cause);
  void relocate(std::uint32_t from, std::uint32_t to);

  // What births do to genomes (operators.cpp).
  void apply_operators();
  template <class Strike>
  void strike(double per, MutationKind kind, Strike&& once);
  Block child_genome() const;
  bool mutate_child();
  std::uint32_t draw_mate();
  bool cross_same_size();
  bool cross(bool segments);
  bool insert(bool segments);
  bool remove(bool segments);
  bool replace_child();
  void set_child(Block block);
  void keep_child(const Organism& before);

  std::shared_ptr<const InstructionSet> set_;
  SoupSettings settings_;
  Soup soup_;
  std::vector<Draws> draws_;

  // Organisms stand side by side; the last one takes the place of one that dies.
  std::vector<Organism> organisms_;
  std::vector<Biography> biographies_;
  ReaperQueue reaper_;
  std::uint32_t next_turn_ = kNobody;
  std::uint32_t executing_ = kNobody;
  std::uint64_t next_number_ = kNoParent + 1;
  std::uint64_t size_sum_ = 0;

  // Instructions until the next mutation of a kind; copies are counted in stretch_.
  std::int64_t until_background_ = kNever;
  std::int64_t until_flaw_ = kNever;
  Stretch stretch_;

  // Of births that leave.
  double leaves_one_in_ = 0;
  std::uint32_t other_tiles_ = 0;
  std::vector<Emigrant> emigrants_;

  // Scratch of operators.
  std::vector<std::uint32_t> own_edges_;
  std::vector<std::uint32_t> mate_edges_;
  std::vector<std::uint8_t> made_;

  TileCounts counts_;
  Averages averages_;
  // Of the time since they were measured.
  std::uint64_t next_measure_ = kRatesEvery;
  std::uint64_t organism_instructions_ = 0;  // instructions times organisms
  std::uint64_t measured_births_ = 0;
  std::uint64_t replication_instructions_ = 0;  // from birth to birth, summed over those births

  std::uint32_t most_idle_ = ~std::uint32_t{0};  // instructions without a birth; then it is lazy
};

// What a tile lists beside its cells, its organisms and their biographies. The free list, the sum
// of sizes and the limit of searches follow from these.
struct TileState {
  TileCounts counts;
  Averages averages;
  std::int64_t until_copy = kNever;
  std::int64_t until_background = kNever;
  std::int64_t until_flaw = kNever;
  std::uint64_t next_measure = 0;
  std::uint64_t organism_instructions = 0;
  std::uint64_t measured_births = 0;
  std::uint64_t replication_instructions = 0;
  std::array<std::uint64_t, kStreams> drawn{};  // by stream
  std::vector<std::uint32_t> reaper_order;      // places of organisms
  std::vector<std::uint32_t> slicer_order;
};

}  // namespace bw
