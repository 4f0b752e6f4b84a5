// tierra.cpp: Tierra's programs in one soup by hand, in plain C++, one thread.
//
//   tierra [cells=N] [tiles=N] [slice=N] [mutation=on|off] [quantum=N] [warmup=N] [ticks=N]
//   [seed=S]
//
// The rules and random streams of the example primordial, with its ancestor in each tile, written
// for these rules alone: instruction set 0, memory by better fit, a queue of death, slices uniform
// in 0 .. 2 slice, all kinds of mutation but those of copies. Flags are left out, since no
// instruction reads them. The cells are cut in tiles that know nothing of each other; in a tick
// each in turn runs `quantum` instructions more, its last turn to the end. After `warmup` ticks the
// others of `ticks` are timed. Every executed instruction counts one, whatever it does. The soups
// end as the engine's do, cell by cell: `soup` is a hash of them.
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "program.hpp"

namespace {

using u8 = uint8_t;
using u32 = uint32_t;
using u64 = uint64_t;

constexpr u32 kNone = ~0u;
constexpr int64_t kNever = int64_t{1} << 62;
constexpr u32 kMargin = 192;  // cells of 255 around the soup
constexpr u32 kStack = 10;
constexpr u64 kMeasure = 1'000'000;

constexpr u8 kAncestor[] = {0,  1, 1,  1,  0,  28, 1,  0, 0, 0, 1,  7,  25, 29, 1, 0, 0, 0, 0,  8,
                            4,  6, 24, 4,  6,  30, 22, 1, 0, 0, 1,  31, 20, 1,  0, 0, 0, 1, 23, 0,
                            1,  1, 0,  12, 13, 14, 0,  0, 1, 0, 26, 10, 5,  20, 1, 0, 1, 1, 8,  9,
                            20, 1, 1,  0,  1,  23, 0,  1, 0, 0, 18, 17, 16, 23, 0, 1, 1, 1, 1,  23};
static_assert(sizeof(kAncestor) == 80);

// ---------------------------------------------------------------- random numbers and hashes

u64 mix(u64 x) {
  x ^= x >> 27;
  x *= 0x3C79AC492BA7B653;
  x ^= x >> 33;
  x *= 0x1C69B3F74AC4AE35;
  return x ^ x >> 27;
}

struct Pair {
  u64 low, high;
};

Pair permuted(Pair s) {
  s.high ^= mix(s.low + 0x243F6A8885A308D3);
  s.low ^= mix(s.high + 0x13198A2E03707344);
  s.high ^= mix(s.low + 0xA4093822299F31D0);
  return s;
}

u64 word_of(const void* bytes, size_t size) {
  u64 word = 0;
  std::memcpy(&word, bytes, std::min<size_t>(size, 8));
  return word;
}

// The engine's hash, for inputs of less than 256 bytes.
u64 hash(const void* bytes, size_t size, u64 seed) {
  const auto* at = static_cast<const u8*>(bytes);
  baseline::touch(&at);  // else GCC warns of bytes behind the ends of constants, which are not read
  Pair s = permuted({seed, 0xBE5466CF34E90C6D ^ size});
  for (; size >= 16; at += 16, size -= 16) {
    s = permuted({s.low ^ word_of(at, 8), s.high ^ word_of(at + 8, 8)});
  }
  if (size > 8) {
    s = permuted({s.low ^ word_of(at, 8), s.high ^ word_of(at + 8, size - 8)});
  } else if (size > 0) {
    s = permuted({s.low ^ word_of(at, size), s.high});
  }
  return s.low;
}

// Philox4x32-10 (Salmon and others 2011), eight blocks at a time side by side.
class Stream {
 public:
  Stream(u64 seed, u64 tile, std::string_view purpose)
      : key_(hash(purpose.data(), purpose.size(), seed)), tile_(tile) {}

  u64 half() {
    if (next_ == kHalves) make();
    return halves_[next_++];
  }
  u32 below(u64 n) { return static_cast<u32>(half() * n >> 32); }
  bool chance(double p) { return static_cast<double>(half()) * 0x1p-32 < p; }
  int64_t wait(double mean) {
    const double most = 2.0 * mean;
    const u64 n = most < 1.0 ? 1 : most > 0x1p62 ? u64{1} << 62 : static_cast<u64>(most);
    const u64 word = half() << 32 | half();
    __extension__ using Wide = unsigned __int128;
    return 1 + static_cast<int64_t>(static_cast<u64>(static_cast<Wide>(word) * n >> 64));
  }

 private:
  static constexpr u32 kBlocks = 8, kHalves = 4 * kBlocks;

  [[gnu::noinline]] void make() {
    u64 c[4][kBlocks];
    for (u32 i = 0; i < kBlocks; ++i) {
      c[0][i] = tile_ & 0xFFFFFFFF;
      c[1][i] = tile_ >> 32;
      c[2][i] = (block_ + i) & 0xFFFFFFFF;
      c[3][i] = (block_ + i) >> 32;
    }
    u32 k0 = static_cast<u32>(key_), k1 = static_cast<u32>(key_ >> 32);
    for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9, k1 += 0xBB67AE85) {
      for (u32 i = 0; i < kBlocks; ++i) {
        const u64 first = 0xD2511F53 * c[0][i], second = 0xCD9E8D57 * c[2][i];
        c[0][i] = (second >> 32) ^ c[1][i] ^ k0;
        c[1][i] = second & 0xFFFFFFFF;
        c[2][i] = (first >> 32) ^ c[3][i] ^ k1;
        c[3][i] = first & 0xFFFFFFFF;
      }
    }
    for (u32 i = 0; i < kBlocks; ++i) {
      for (u32 j = 0; j < 4; ++j) halves_[4 * i + j] = static_cast<u32>(c[j][i]);
    }
    block_ += kBlocks;
    next_ = 0;
  }

  u64 key_, tile_, block_ = 0;
  u32 next_ = kHalves;
  std::array<u32, kHalves> halves_{};
};

// ---------------------------------------------------------------- what is free

// A bit a cell, and free blocks of up to 511 cells by size, the last address first; larger ones in
// a list.
class Free {
 public:
  explicit Free(u32 cells) : bits_(cells / 64 + 3, 0) { give(0, cells); }

  bool has(u32 cell) const { return bits_[cell / 64 + 1] >> cell % 64 & 1; }

  // The smallest block that is large enough, the first of equal ones.
  u32 take(u32 size) {
    u32 start = kNone, whole = 0;
    for (u32 i = size / 64; i < 8 && whole == 0; ++i) {
      const u64 word = filled_[i] & (i == size / 64 ? ~u64{0} << size % 64 : ~u64{0});
      if (word != 0) whole = 64 * i + static_cast<u32>(std::countr_zero(word));
    }
    if (whole != 0) {
      start = bins_[whole].back();
    } else {
      for (const auto& [at, length] : large_) {
        if (length >= size && (whole == 0 || length < whole)) start = at, whole = length;
      }
      if (whole == 0) return kNone;
    }
    remove(start, whole);
    add(start + size, whole - size);
    mark(start, size);
    return start;
  }

  void give(u32 start, u32 size) {
    const u32 before = run_before(start), after = run_from(start + size);
    if (before != 0) remove(start - before, before);
    if (after != 0) remove(start + size, after);
    mark(start, size);
    add(start - before, before + size + after);
  }

 private:
  void mark(u32 start, u32 size) {
    for (u32 at = start + 64; size != 0;) {
      const u32 count = std::min(64 - at % 64, size);
      bits_[at / 64] ^= ~u64{0} >> (64 - count) << at % 64;
      at += count;
      size -= count;
    }
  }
  u32 run_before(u32 end) const {
    u32 size = 0, word = end / 64 + 1;
    if (end % 64 != 0) {
      const u64 taken = ~bits_[word] << (64 - end % 64);
      if (taken != 0) return static_cast<u32>(std::countl_zero(taken));
      size = end % 64;
    }
    while (bits_[--word] == ~u64{0}) size += 64;
    return size + static_cast<u32>(std::countl_zero(~bits_[word]));
  }
  u32 run_from(u32 start) const {
    u32 word = start / 64 + 1;
    const u64 taken = ~bits_[word] >> start % 64;
    if (taken != 0) return static_cast<u32>(std::countr_zero(taken));
    u32 size = 64 - start % 64;
    while (bits_[++word] == ~u64{0}) size += 64;
    return size + static_cast<u32>(std::countr_zero(~bits_[word]));
  }
  static size_t place(const std::vector<u32>& bin, u32 start) {
    size_t above = 0;
    for (const u32 one : bin) above += one > start;
    return above;
  }
  void add(u32 start, u32 size) {
    if (size == 0) return;
    if (size > 511) {
      large_.insert(std::upper_bound(large_.begin(), large_.end(), std::pair{start, size}),
                    {start, size});
      return;
    }
    std::vector<u32>& bin = bins_[size];
    bin.insert(bin.begin() + static_cast<std::ptrdiff_t>(place(bin, start)), start);
    filled_[size / 64] |= u64{1} << size % 64;
  }
  void remove(u32 start, u32 size) {
    if (size > 511) {
      large_.erase(std::find(large_.begin(), large_.end(), std::pair{start, size}));
      return;
    }
    std::vector<u32>& bin = bins_[size];
    bin.erase(bin.begin() + static_cast<std::ptrdiff_t>(place(bin, start)));
    if (bin.empty()) filled_[size / 64] &= ~(u64{1} << size % 64);
  }

  std::vector<u64> bits_;
  std::array<std::vector<u32>, 512> bins_;
  std::array<u64, 8> filled_{};
  std::vector<std::pair<u32, u32>> large_;
};

// ---------------------------------------------------------------- the soup and who lives in it

struct alignas(64) Creature {
  u32 a = 0, b = 0, c = 0, d = 0, ip = 0;
  u32 stack[kStack] = {};
  u32 top = 0;
  u32 start = 0, size = 0;               // its own block
  u32 child = 0, child_size = 0;         // its child's
  u32 moved = 0, low = kNone, high = 0;  // copied cells, and the part that was written to
  u32 slot = 0;                          // in the queue of death
  u32 before = 0, after = 0;             // in the ring of turns
  u32 idle = 0;                          // instructions since it gave birth
  u32 padding = 0;
  u64 genotype = 0;
};
static_assert(sizeof(Creature) == 128);

struct Settings {
  u32 cells = 0, slice = 0;
  bool mutates = false;
  u64 seed = 0;
};

enum class Stop { kBudget, kMemory, kBirth };

class Soup {
 public:
  Soup(const Settings& settings, u64 tile);
  void run(u64 until) {
    while (instructions_ < until) take_turn();
  }

  u64 instructions() const { return instructions_; }
  u64 births() const { return births_; }
  u64 deaths() const { return deaths_; }
  u64 errors() const { return errors_; }
  u64 population() const { return creatures_.size(); }
  u64 sizes() const { return sizes_; }
  double mean_size() const {
    return static_cast<double>(sizes_) / static_cast<double>(creatures_.size());
  }
  u64 fingerprint() const;

 private:
  // The processor.
  template <bool kFlawed>
  Stop execute(Creature& creature);
  template <bool kAhead, bool kBack>
  u32 search(u32 at, u32 length) const;
  u32 search_slowly(bool ahead, bool back, u32 at, u32 length) const;
  u32 template_length(u32 at) const;
  u32 ring(u32 number) const {
    if (number < cells_count_) [[likely]]
      return number;
    const int64_t wrapped = static_cast<int32_t>(number) % static_cast<int64_t>(cells_count_);
    return static_cast<u32>(wrapped < 0 ? wrapped + cells_count_ : wrapped);
  }

  // Turns.
  void take_turn();
  int64_t advance(int64_t budget);
  void measure();
  void use_averages();
  int64_t background_wait();
  int64_t flaw_wait();
  void mutate(u32 cell, Stream& stream) {
    u8& at = cells_[cell];
    at = static_cast<u8>(stream.chance(0.2) ? at ^ 1u << stream.below(5) : stream.below(32));
  }

  // Births and deaths.
  void enter(u32 start, u32 size);
  u32 find_memory(u32 size);
  void allocate();
  void divide();
  void release_child();
  void kill(u32 place);
  u32 append(u32 place);
  u32 slot_before(u32 slot) const;
  u32 slot_after(u32 slot) const;
  void note_errors();
  void move_down(Creature& creature);

  // What happens to genomes at birth.
  template <class Once>
  void strike(Once&& once) {
    while (birth_.chance(1.0 / 32.0)) once();
  }
  u8* child_cells(u32& size) {
    const Creature& mother = creatures_[now_];
    size = mother.high - mother.low;
    return cells_ + mother.child + mother.low;
  }
  u32 draw_mate();
  void cross_same_size();
  void cross(bool segments);
  void insert(bool segments);
  void remove(bool segments);
  void replace_child();

  u32 cells_count_, slice_;
  bool mutates_;
  std::vector<u8> memory_;
  u8* cells_;
  Free free_;
  Stream slices_, reaper_, background_, flaws_, birth_;
  std::vector<Creature> creatures_;
  std::vector<u64> queue_;  // errors and, below them, the place
  std::vector<u64> taken_;
  u32 queue_end_ = 0;
  u32 next_ = 0, now_ = kNone;

  // Of the one that executes.
  int64_t budget_ = 0;
  u32 flaw_ = 0, new_errors_ = 0, request_ = 0, limit_ = 0;

  int64_t until_background_ = kNever, until_flaw_ = kNever;
  double mean_size_ = 0, mean_population_ = 0, mean_replication_ = 0;
  u32 most_idle_ = 0;
  u64 instructions_ = 0, births_ = 0, deaths_ = 0, errors_ = 0, sizes_ = 0;
  u64 next_measure_ = kMeasure, lived_ = 0, measured_births_ = 0, replications_ = 0;
  std::vector<u32> own_, others_;
  std::vector<u8> made_;
};

Soup::Soup(const Settings& settings, u64 tile)
    : cells_count_(settings.cells),
      slice_(settings.slice),
      mutates_(settings.mutates),
      memory_(settings.cells + 2 * kMargin, 255),
      cells_(memory_.data() + kMargin),
      free_(settings.cells),
      slices_(settings.seed, tile, "organism/slice"),
      reaper_(settings.seed, tile, "organism/reaper"),
      background_(settings.seed, tile, "organism/background"),
      flaws_(settings.seed, tile, "organism/flaw"),
      birth_(settings.seed, tile, "organism/birth") {
  std::fill_n(cells_, cells_count_, u8{0});
  const u32 start = free_.take(sizeof(kAncestor));
  std::copy(std::begin(kAncestor), std::end(kAncestor), cells_ + start);
  enter(start, sizeof(kAncestor));
  mean_size_ = sizeof(kAncestor);
  mean_population_ = cells_count_ / (4.0 * mean_size_);
  mean_replication_ = 10.0 * mean_size_;
  use_averages();
  until_background_ = background_wait();
  until_flaw_ = flaw_wait();
}

u64 Soup::fingerprint() const {
  u64 sum = 0;
  for (u32 at = 0; at < cells_count_; at += 128) {
    sum = hash(cells_ + at, std::min(128u, cells_count_ - at), sum);
  }
  return sum;
}

// ---------------------------------------------------------------- the processor

u32 Soup::template_length(u32 at) const {
  u32 length = 0;
  while (length < cells_count_ && cells_[at] <= 1) {
    ++length;
    if (++at == cells_count_) at = 0;
  }
  return length;
}

// By the letter.
[[gnu::noinline]] u32 Soup::search_slowly(bool ahead, bool back, u32 at, u32 length) const {
  const u64 n = cells_count_;
  const auto fits = [&](u64 from) {
    for (u32 j = 0; j < length; ++j) {
      if (cells_[(from + j) % n] + cells_[(at + j) % n] != 1) return false;
    }
    return true;
  };
  for (u64 k = 0; k <= limit_; ++k) {
    const u64 forward = (at + length + 1 + k) % n;
    const u64 backward = (at + 3 * n - (length + 1 + k) % n) % n;
    if (ahead && fits(forward)) return static_cast<u32>(forward);
    if (back && fits(backward)) return static_cast<u32>(backward);
  }
  return kNone;
}

// 32 candidates at a time, as long as none of them crosses the end of the soup.
template <bool kAhead, bool kBack>
inline u32 Soup::search(u32 at, u32 length) const {
  const u8* pattern = cells_ + at;
  const __m256i one = _mm256_set1_epi8(1);
  const auto wanted = [&](u32 j) {
    return _mm256_xor_si256(_mm256_set1_epi8(static_cast<char>(pattern[j])), one);
  };
  const auto equal = [](const u8* from, __m256i to) {
    return _mm256_cmpeq_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)), to);
  };
  const bool is_inside = length <= 32 && at >= length + 1 + limit_ + 32 &&
                         at + 2 * length + 1 + limit_ + 32 <= cells_count_;
  const u32 most = is_inside ? limit_ : 31;
  if (length > 32) return search_slowly(kAhead, kBack, at, length);
  for (u32 k = 0; k <= most; k += 32) {
    const u8* forward = pattern + length + 1 + k;
    const u8* backward = pattern - length - 32 - k;
    __m256i ahead = _mm256_set1_epi8(-1), back = ahead;
    const auto narrow = [&](u32 j) {
      const __m256i cell = wanted(j);
      if constexpr (kAhead) ahead = _mm256_and_si256(ahead, equal(forward + j, cell));
      if constexpr (kBack) back = _mm256_and_si256(back, equal(backward + j, cell));
    };
    if (length == 4) {
      narrow(0), narrow(1), narrow(2), narrow(3);
    } else {
      for (u32 j = 0; j < length; ++j) narrow(j);
    }
    const auto in_front = kAhead ? static_cast<u32>(_mm256_movemask_epi8(ahead)) : 0;
    const auto behind = kBack ? static_cast<u32>(_mm256_movemask_epi8(back)) : 0;
    const auto steps = static_cast<u32>(std::countr_zero(in_front));
    const auto steps_back = static_cast<u32>(std::countl_zero(behind));
    const u32 reach = length + 1 + k + std::min(steps, steps_back);
    if (std::min(steps, steps_back) == 32) continue;
    if (reach - length - 1 > limit_) return kNone;
    if (!is_inside && (at < reach || at + length + reach > cells_count_)) break;
    return steps <= steps_back ? at + reach : at - reach;
  }
  return is_inside ? kNone : search_slowly(kAhead, kBack, at, length);
}

// A flawed instruction gets its number wrong by `flaw`, once.
template <bool kFlawed>
Stop Soup::execute(Creature& me) {
#define EDGES &&edge, &&edge, &&edge, &&edge, &&edge, &&edge, &&edge, &&edge
#define MANY EDGES, EDGES, EDGES, EDGES
  static const void* const kCode[256] = {
      &&nop,  &&nop,    &&not0,  &&shl,   &&zero,  &&ifz,   &&subc,  &&suba, &&inca, &&incb,
      &&decc, &&incc,   &&pusha, &&pushb, &&pushc, &&pushd, &&popa,  &&popb, &&popc, &&popd,
      &&jmpo, &&jmpb,   &&call,  &&ret,   &&movd,  &&movb,  &&movii, &&adro, &&adrb, &&adrf,
      &&mal,  &&divide, MANY,    MANY,    MANY,    MANY,    MANY,    MANY,   MANY};
#undef MANY
#undef EDGES
  const u32 flaw = kFlawed ? flaw_ : 0;
  u8* const cells = cells_;
  u32 a = me.a, b = me.b, c = me.c, d = me.d, ip = me.ip;
  int64_t left = budget_;
  Stop stop = Stop::kBudget;
  u32 length = 0, found = 0;

#define NEXT                 \
  if (left == 0) goto ended; \
  --left;                    \
  goto* kCode[cells[ip]]
#define SET(to, value) \
  to = (value);        \
  ++ip;                \
  NEXT
#define PUT(value)                                \
  me.top = me.top == kStack - 1 ? 0 : me.top + 1; \
  me.stack[me.top] = (value)
#define PUSH(value)    \
  PUT((value) + flaw); \
  ++ip;                \
  NEXT
#define POP(to)                 \
  to = me.stack[me.top] + flaw; \
  me.top = me.top == 0 ? kStack - 1 : me.top - 1
#define LENGTH                                                                                \
  length = static_cast<u32>(_tzcnt_u64(word_of(cells + ip + 1, 8) & 0xFEFEFEFEFEFEFEFE)) / 8; \
  if (length == 8 || ip + 1 + length >= cells_count_) [[unlikely]]                            \
  length = template_length(ring(ip + 1))
#define FIND(ahead, back)                            \
  found = search<ahead, back>(ring(ip + 1), length); \
  if (found == kNone) [[unlikely]] {                 \
    ++new_errors_;                                   \
    ip = ring(ip + 1 + length);                      \
    NEXT;                                            \
  }
#define JUMP(ahead, back)           \
  LENGTH;                           \
  if (length == 0) {                \
    ip = ring(b + flaw);            \
    NEXT;                           \
  }                                 \
  FIND(ahead, back)                 \
  ip = ring(found + length + flaw); \
  NEXT
#define ADDRESS(ahead, back)       \
  LENGTH;                          \
  if (length == 0) goto wrong;     \
  FIND(ahead, back)                \
  a = ring(found + length + flaw); \
  c = length;                      \
  ip = ring(ip + 1 + length);      \
  NEXT

  NEXT;
edge:  // behind the end, where all cells are 255
  if (ip >= cells_count_) {
    ip -= cells_count_;
    goto* kCode[cells[ip]];
  }
wrong:
  ++new_errors_;
nop:
  ++ip;
  NEXT;
not0:
  SET(c, c ^ (1 + flaw));
shl:
  SET(c, c << (1 + flaw));
zero:
  SET(c, flaw);
subc:
  SET(c, a - b + flaw);
suba:
  SET(a, a - c + flaw);
inca:
  SET(a, a + 1 + flaw);
incb:
  SET(b, b + 1 + flaw);
decc:
  SET(c, c - 1 + flaw);
incc:
  SET(c, c + 1 + flaw);
movd:
  SET(d, c + flaw);
movb:
  SET(b, a + flaw);
ifz:
  ip += c + flaw == 0 ? 1 : 2;
  NEXT;
pusha:
  PUSH(a);
pushb:
  PUSH(b);
pushc:
  PUSH(c);
pushd:
  PUSH(d);
popa:
  POP(a);
  goto nop;
popb:
  POP(b);
  goto nop;
popc:
  POP(c);
  goto nop;
popd:
  POP(d);
  goto nop;
ret:
  POP(ip);
  ip = ring(ip);
  NEXT;
jmpo:
  JUMP(true, true);
jmpb:
  JUMP(false, true);
call:
  {
    LENGTH;
    const u32 behind = ring(ip + 1 + length);
    if (length == 0) {
      PUT(behind);
      ip = ring(behind + flaw);
      NEXT;
    }
    FIND(true, true)
    PUT(behind);
    ip = ring(found + length + flaw);
    NEXT;
  }
adro:
  ADDRESS(true, true);
adrb:
  ADDRESS(false, true);
adrf:
  ADDRESS(true, false);
movii:
  {
    const u32 to = ring(a + flaw), from = ring(b), at = to - me.child;
    if (to == from) goto wrong;
    if (at < me.child_size) [[likely]] {
      ++me.moved;
      if (at < me.low) me.low = at;
      if (at >= me.high) me.high = at + 1;
    } else if (to - me.start >= me.size && !free_.has(to)) {
      goto wrong;
    }
    cells[to] = cells[from];
    goto nop;
  }
mal:
  {
    request_ = c + flaw;
    if (request_ - 1 >= std::min(cells_count_, 3 * me.size) || request_ == me.child_size)
      goto wrong;
    stop = Stop::kMemory;
    ++ip;
    goto ended;
  }
divide:
  {
    if (me.child_size < 12 || me.moved < static_cast<u32>(me.child_size * 0.7)) goto wrong;
    stop = Stop::kBirth;
    ++ip;
  }
ended:
#undef NEXT
#undef SET
#undef PUT
#undef PUSH
#undef POP
#undef LENGTH
#undef FIND
#undef JUMP
#undef ADDRESS
  me.a = a, me.b = b, me.c = c, me.d = d;
  me.ip = ip >= cells_count_ ? ip - cells_count_ : ip;
  budget_ = left;
  return stop;
}

// ---------------------------------------------------------------- turns

void Soup::take_turn() {
  now_ = next_;
  const Creature& after = creatures_[creatures_[now_].after];
  const Creature* later = &creatures_[after.after];
  _mm_prefetch(cells_ + after.ip, _MM_HINT_T0);
  _mm_prefetch(later, _MM_HINT_T0);
  _mm_prefetch(&later->start, _MM_HINT_T0);
  const int64_t length = slices_.below(2 * u64{slice_} + 1);
  for (int64_t left = length; left > 0;) left -= advance(left);
  lived_ += static_cast<u64>(length) * creatures_.size();
  next_ = creatures_[now_].after;
  if (creatures_[now_].idle > most_idle_ && creatures_.size() > 1) kill(now_);
  now_ = kNone;
  if (instructions_ >= next_measure_) measure();
}

int64_t Soup::advance(int64_t budget) {
  const bool is_flawed = until_flaw_ == 1;
  if (is_flawed) [[unlikely]]
    flaw_ = flaws_.below(2) == 0 ? ~0u : 1;
  const int64_t granted = is_flawed ? 1 : std::min({budget, until_background_, until_flaw_ - 1});
  budget_ = granted;
  new_errors_ = 0;
  Creature& creature = creatures_[now_];
  const Stop stop = is_flawed ? execute<true>(creature) : execute<false>(creature);
  const int64_t executed = granted - budget_;
  instructions_ += static_cast<u64>(executed);
  creature.idle += static_cast<u32>(executed);
  until_flaw_ -= executed;
  until_background_ -= executed;
  if (new_errors_ != 0) note_errors();
  if (stop == Stop::kMemory) {
    allocate();
  } else if (stop == Stop::kBirth) {
    divide();
  }
  if (until_flaw_ == 0) until_flaw_ = flaw_wait();
  if (until_background_ == 0) {
    mutate(background_.below(cells_count_), background_);
    until_background_ = background_wait();
  }
  return executed;
}

void Soup::measure() {
  const u64 since = instructions_ - (next_measure_ - kMeasure);
  mean_size_ = mean_size();
  mean_population_ = static_cast<double>(lived_) / static_cast<double>(since);
  if (measured_births_ != 0) {
    mean_replication_ = static_cast<double>(replications_) / static_cast<double>(measured_births_);
  }
  next_measure_ = instructions_ + kMeasure;
  lived_ = measured_births_ = replications_ = 0;
  use_averages();
}

void Soup::use_averages() {
  limit_ = static_cast<u32>(std::min(5.0 * mean_size_, cells_count_ - 1.0));
  most_idle_ = static_cast<u32>(std::min(10.0 * mean_replication_, 4294967295.0));
}

int64_t Soup::background_wait() {
  if (!mutates_) return kNever;
  const double generation = mean_population_ * mean_replication_;
  return background_.wait(32.0 * generation * (mean_size_ / cells_count_));
}

int64_t Soup::flaw_wait() {
  return mutates_ ? flaws_.wait(32.0 * mean_replication_) : kNever;
}

// ---------------------------------------------------------------- births and deaths

u32 Soup::append(u32 place) {
  if (queue_end_ == queue_.size()) {
    u32 end = 0;
    for (u32 slot = slot_after(kNone); slot != kNone; slot = slot_after(slot)) {
      queue_[end] = queue_[slot];
      creatures_[static_cast<u32>(queue_[end])].slot = end;
      ++end;
    }
    queue_.resize(std::max(256u, (2 * end + 63) / 64 * 64));
    taken_.assign(queue_.size() / 64, 0);
    for (u32 slot = 0; slot < end; ++slot) taken_[slot / 64] |= u64{1} << slot % 64;
    queue_end_ = end;
  }
  queue_[queue_end_] = place;
  taken_[queue_end_ / 64] |= u64{1} << queue_end_ % 64;
  return queue_end_++;
}

inline u32 Soup::slot_before(u32 slot) const {
  u32 word = slot / 64;
  u64 bits = taken_[word] & ~(~u64{0} << slot % 64);
  while (bits == 0) {
    if (word == 0) return kNone;
    bits = taken_[--word];
  }
  return 64 * word + 63 - static_cast<u32>(std::countl_zero(bits));
}

inline u32 Soup::slot_after(u32 slot) const {
  const u32 next = slot + 1;
  if (next >= queue_end_) return kNone;
  u32 word = next / 64;
  u64 bits = taken_[word] & ~u64{0} << next % 64;
  while (bits == 0) {
    if (++word * 64 >= queue_end_) return kNone;
    bits = taken_[word];
  }
  return 64 * word + static_cast<u32>(std::countr_zero(bits));
}

// With each error it goes up by one where the one above has no more.
void Soup::note_errors() {
  errors_ += new_errors_;
  u32 slot = creatures_[now_].slot;
  u64 mine = queue_[slot];
  for (; new_errors_ != 0; --new_errors_) {
    mine += u64{1} << 32;
    const u32 above = slot_before(slot);
    if (above == kNone) continue;
    const u64 other = queue_[above];
    const bool is_up = mine >> 32 >= other >> 32;
    const u32 others = is_up ? slot : above;
    slot = is_up ? above : slot;
    queue_[others] = other;
    creatures_[static_cast<u32>(other)].slot = others;
  }
  queue_[slot] = mine;
  creatures_[now_].slot = slot;
}

void Soup::move_down(Creature& creature) {
  const u32 slot = creature.slot, below = slot_after(slot);
  if (below == kNone || queue_[slot] >> 32 > queue_[below] >> 32) return;
  std::swap(queue_[slot], queue_[below]);
  creature.slot = below;
  creatures_[static_cast<u32>(queue_[slot])].slot = slot;
}

// Right before the one that executes, or alone.
void Soup::enter(u32 start, u32 size) {
  const auto place = static_cast<u32>(creatures_.size());
  Creature& child = creatures_.emplace_back();
  child.start = child.ip = start;
  child.size = size;
  child.genotype = hash(cells_ + start, std::min(size, 255u), 0);
  sizes_ += size;
  child.slot = append(place);
  if (now_ == kNone) {
    child.before = child.after = place;
    return;
  }
  Creature& mother = creatures_[now_];
  child.before = mother.before;
  child.after = now_;
  creatures_[mother.before].after = place;
  mother.before = place;
}

void Soup::kill(u32 place) {
  const Creature& dead = creatures_[place];
  free_.give(dead.start, dead.size);
  if (dead.child_size != 0) free_.give(dead.child, dead.child_size);
  sizes_ -= dead.size;
  ++deaths_;
  taken_[dead.slot / 64] &= ~(u64{1} << dead.slot % 64);
  creatures_[dead.before].after = dead.after;
  creatures_[dead.after].before = dead.before;
  if (next_ == place) next_ = dead.after;
  if (now_ == place) now_ = kNone;
  const auto last = static_cast<u32>(creatures_.size() - 1);
  if (place != last) {
    Creature& moved = creatures_[place];
    moved = creatures_[last];
    queue_[moved.slot] = (queue_[moved.slot] >> 32 << 32) | place;
    if (moved.before == last) moved.before = moved.after = place;
    creatures_[moved.before].after = place;
    creatures_[moved.after].before = place;
    if (next_ == last) next_ = place;
    if (now_ == last) now_ = place;
  }
  creatures_.pop_back();
}

// One of the first three tenths of the queue dies until there is room, never the one that asks.
u32 Soup::find_memory(u32 size) {
  while (true) {
    const u32 start = free_.take(size);
    if (start != kNone || creatures_.size() < 2) return start;
    const auto range = static_cast<u64>(0.3 * static_cast<double>(creatures_.size()));
    u32 k = range > 1 ? reaper_.below(range) : 0, word = 0;
    for (u32 n = 0; k >= (n = static_cast<u32>(std::popcount(taken_[word]))); ++word) k -= n;
    const u32 slot = 64 * word + static_cast<u32>(_tzcnt_u64(_pdep_u64(u64{1} << k, taken_[word])));
    u32 victim = static_cast<u32>(queue_[slot]);
    if (victim == now_) {
      const u32 below = slot_after(slot);
      victim = static_cast<u32>(queue_[below != kNone ? below : slot_before(slot)]);
    }
    kill(victim);
  }
}

void Soup::release_child() {
  Creature& mother = creatures_[now_];
  if (mother.child_size != 0) free_.give(mother.child, mother.child_size);
  mother.child_size = mother.moved = mother.high = 0;
  mother.low = kNone;
}

void Soup::allocate() {
  release_child();
  const u32 start = find_memory(request_);
  if (start == kNone) {
    new_errors_ = 1;
    note_errors();
    return;
  }
  Creature& mother = creatures_[now_];
  mother.child = mother.a = start;
  mother.child_size = request_;
  move_down(mother);
}

void Soup::divide() {
  if (creatures_[now_].high < creatures_[now_].low + u64{12}) {
    new_errors_ = 1;
    note_errors();
    return;
  }
  if (mutates_) {
    strike([&] {
      u32 size = 0;
      const u8* genome = child_cells(size);
      mutate(static_cast<u32>(genome - cells_) + birth_.below(size), birth_);
    });
    strike([&] { cross_same_size(); });
    strike([&] { cross(false); });
    strike([&] { insert(false); });
    strike([&] { remove(false); });
    strike([&] { cross(true); });
    strike([&] { insert(true); });
    strike([&] { remove(true); });
  }
  const u32 start = creatures_[now_].child, size = creatures_[now_].child_size;
  creatures_[now_].child_size = 0;
  replications_ += creatures_[now_].idle;
  creatures_[now_].idle = 0;
  ++measured_births_;
  ++births_;
  enter(start, size);
  release_child();
  move_down(creatures_[now_]);
}

// ---------------------------------------------------------------- genomes at birth

void find_edges(const u8* genome, u32 size, bool segments, std::vector<u32>& edges) {
  edges.clear();
  for (u32 i = 0; i < size; ++i) {
    if (!segments || i == 0 || (genome[i] <= 1 && genome[i - 1] > 1)) edges.push_back(i);
  }
  edges.push_back(size);
}

u32 Soup::draw_mate() {
  if (creatures_.size() == 1) return kNone;
  const u32 place = birth_.below(creatures_.size() - 1);
  return place < now_ ? place : place + 1;
}

void Soup::cross_same_size() {
  u32 size = 0;
  u8* own = child_cells(size);
  const u32 first = draw_mate();
  if (first == kNone || size < 2) return;
  u32 mate = first;
  while (creatures_[mate].size != size || mate == now_) {
    mate = mate + 1 == creatures_.size() ? 0 : mate + 1;
    if (mate == first) return;
  }
  const u32 cut = 1 + birth_.below(size - 1);
  const bool beginning = birth_.below(2) == 0;
  const u8* other = cells_ + creatures_[mate].start;
  std::copy(other + (beginning ? 0 : cut), other + (beginning ? cut : size),
            own + (beginning ? 0 : cut));
}

void Soup::cross(bool segments) {
  u32 size = 0;
  const u8* own = child_cells(size);
  const u32 mate = draw_mate();
  if (mate == kNone) return;
  const u8* other = cells_ + creatures_[mate].start;
  find_edges(own, size, segments, own_);
  find_edges(other, creatures_[mate].size, segments, others_);
  if (own_.size() < 3 || others_.size() < 3) return;
  const u32 cut = own_[1 + birth_.below(own_.size() - 2)];
  const u32 from = others_[1 + birth_.below(others_.size() - 2)];
  made_.assign(own, own + cut);
  made_.insert(made_.end(), other + from, other + creatures_[mate].size);
  replace_child();
}

void Soup::insert(bool segments) {
  u32 size = 0;
  const u8* own = child_cells(size);
  const u32 mate = draw_mate();
  if (mate == kNone) return;
  const u8* other = cells_ + creatures_[mate].start;
  find_edges(own, size, segments, own_);
  find_edges(other, creatures_[mate].size, segments, others_);
  const size_t units = others_.size() - 1;
  const u32 count = 1 + birth_.below(std::max<size_t>(units / 2, 1));
  const u32 first = birth_.below(units - count + 1);
  const u32 at = own_[birth_.below(own_.size())];
  made_.assign(own, own + at);
  made_.insert(made_.end(), other + others_[first], other + others_[first + count]);
  made_.insert(made_.end(), own + at, own + size);
  replace_child();
}

void Soup::remove(bool segments) {
  u32 size = 0;
  const u8* own = child_cells(size);
  find_edges(own, size, segments, own_);
  const size_t units = own_.size() - 1;
  if (units < 2) return;
  const u32 count = 1 + birth_.below(units / 2);
  const u32 first = birth_.below(units - count + 1);
  made_.assign(own, own + own_[first]);
  made_.insert(made_.end(), own + own_[first + count], own + size);
  replace_child();
}

// The child's genome becomes `made_`, in a block of its size. A mother who is alone and finds no
// such block cannot be: soups are much larger than genomes.
void Soup::replace_child() {
  const auto size = static_cast<u32>(made_.size());
  Creature& asking = creatures_[now_];
  if (size < 12 || size > std::min(3 * asking.size, cells_count_)) return;
  u32 start = asking.child;
  if (size != asking.child_size) {
    release_child();
    start = find_memory(size);
    if (start == kNone) baseline::refuse("a soup without room for a single child");
  }
  std::copy(made_.begin(), made_.end(), cells_ + start);
  Creature& mother = creatures_[now_];
  mother.child = start;
  mother.child_size = mother.moved = mother.high = size;
  mother.low = 0;
}

}  // namespace

int main(int argc, char** argv) {
  const baseline::Arguments arguments(
      argc, argv, {"cells", "tiles", "slice", "mutation", "quantum", "warmup", "ticks", "seed"});
  Settings settings;
  const auto tiles = arguments.number<u32>("tiles", 1);
  const auto cells = arguments.number<u32>("cells", 60'000);
  settings.slice = arguments.number<u32>("slice", 25);
  settings.mutates = arguments.choice("mutation", {"on", "off"}) == "on";
  settings.seed = arguments.number<u64>("seed", 1);
  const auto quantum = arguments.number<u64>("quantum", 100'000);
  const auto warmup = arguments.number<u64>("warmup", 0);
  const auto ticks = arguments.number<u64>("ticks", 200);
  if (tiles == 0 || cells % tiles != 0) baseline::refuse("tiles must divide cells");
  settings.cells = cells / tiles;
  if (settings.cells < 1000 || cells > 1u << 30) baseline::refuse("cells: 1000 a tile to 2^30");
  if (settings.slice == 0 || quantum == 0) baseline::refuse("slice and quantum: at least 1");
  std::vector<Soup> soups;
  soups.reserve(tiles);
  for (u32 tile = 1; tile <= tiles; ++tile) soups.emplace_back(settings, tile);
  const auto sum = [&](auto what) {
    decltype(what(soups[0])) all{};
    for (const Soup& soup : soups) all += what(soup);
    return all;
  };
  const auto executed = [&] { return sum([](const Soup& soup) { return soup.instructions(); }); };
  const auto run = [&](u64 how_many) {
    for (u64 tick = 0; tick < how_many; ++tick) {
      for (Soup& soup : soups) soup.run(soup.instructions() + quantum);
    }
  };
  run(warmup);
  const u64 before = executed();
  const double cpu = baseline::cpu_seconds(), wall = baseline::wall_seconds();
  run(ticks - std::min(ticks, warmup));
  const double cpu_spent = baseline::cpu_seconds() - cpu;
  const double wall_spent = baseline::wall_seconds() - wall;
  const u64 population = sum([](const Soup& soup) { return soup.population(); });
  baseline::Report report("tierra");
  report.timing("instruction", static_cast<double>(executed() - before), cpu_spent, wall_spent)
      .parameter("cells", cells)
      .parameter("tiles", tiles)
      .parameter("slice", settings.slice)
      .parameter("mutation", settings.mutates ? "on" : "off")
      .parameter("warmup", warmup)
      .parameter("seed", settings.seed)
      .metric("instructions", executed())
      .metric("population", population)
      .metric("mean_size", static_cast<double>(sum([](const Soup& soup) { return soup.sizes(); })) /
                               static_cast<double>(population))
      .metric("births", sum([](const Soup& soup) { return soup.births(); }))
      .metric("deaths", sum([](const Soup& soup) { return soup.deaths(); }))
      .metric("errors", sum([](const Soup& soup) { return soup.errors(); }))
      // Of 48 bits: a number for all readers of JSON.
      .metric("soup", sum([](const Soup& soup) { return soup.fingerprint(); }) >> 16);
  report.print();
}
