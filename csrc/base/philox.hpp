// philox.hpp: the engine's random numbers, Philox4x32-10, a function of (key, entity id, tick,
// number of the draw).
//
// Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011),
// doi:10.1145/2063384.2063405. There is no generator with a state that threads would have to share:
// every random word is computed from its address, so no order of work can change it.
//
// The address of a word (law, the same in compiled behaviors and in NumPy):
//   key words      k0, k1 = low, high half of the stream's 64-bit key
//   counter words  c0, c1 = low, high half of the entity id
//                  c2, c3 = low, high half of (tick << 24) | block
//   word k is half k % 2 of block k / 2; half 0 = r0 | r1 << 32, half 1 = r2 | r3 << 32.
// So an entity has 2^25 words in a tick, and there are 2^40 ticks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/cpu.hpp"

namespace bw {

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

namespace philox {

inline constexpr std::uint64_t kMultiplier0 = 0xD2511F53;
inline constexpr std::uint64_t kMultiplier1 = 0xCD9E8D57;
inline constexpr std::uint32_t kWeyl0 = 0x9E3779B9;  // golden ratio
inline constexpr std::uint32_t kWeyl1 = 0xBB67AE85;  // sqrt(3) - 1
inline constexpr int kRounds = 10;
inline constexpr int kTickShift = 24;

constexpr std::uint32_t low_half(std::uint64_t word) {
  return static_cast<std::uint32_t>(word);
}
constexpr std::uint32_t high_half(std::uint64_t word) {
  return static_cast<std::uint32_t>(word >> 32);
}
constexpr std::uint64_t join_halves(std::uint32_t low, std::uint32_t high) {
  return low | static_cast<std::uint64_t>(high) << 32;
}

// The upper two counter words as one number.
constexpr std::uint64_t position(std::int64_t tick, std::uint64_t block) {
  return static_cast<std::uint64_t>(tick) << kTickShift | block;
}

}  // namespace philox

// The block cipher itself: 128 random bits from a counter and a key.
constexpr PhiloxCounter philox4x32(PhiloxCounter counter, PhiloxKey key) {
  for (int round = 0; round < philox::kRounds; ++round) {
    const std::uint64_t product0 = philox::kMultiplier0 * counter[0];
    const std::uint64_t product1 = philox::kMultiplier1 * counter[2];
    counter = {philox::high_half(product1) ^ counter[1] ^ key[0], philox::low_half(product1),
               philox::high_half(product0) ^ counter[3] ^ key[1], philox::low_half(product0)};
    key[0] += philox::kWeyl0;
    key[1] += philox::kWeyl1;
  }
  return counter;
}

// Words 2 * block and 2 * block + 1 of an entity in a tick.
constexpr std::array<std::uint64_t, 2> random_block(std::uint64_t key, std::uint64_t id,
                                                    std::int64_t tick, std::uint64_t block) {
  const std::uint64_t position = philox::position(tick, block);
  const PhiloxCounter out = philox4x32({philox::low_half(id), philox::high_half(id),
                                        philox::low_half(position), philox::high_half(position)},
                                       {philox::low_half(key), philox::high_half(key)});
  return {philox::join_halves(out[0], out[1]), philox::join_halves(out[2], out[3])};
}

// Word k of an entity in a tick.
constexpr std::uint64_t random_word(std::uint64_t key, std::uint64_t id, std::int64_t tick,
                                    std::uint64_t k) {
  return random_block(key, id, tick, k / 2)[k % 2];
}

// The uniform deviate of a word: one of 2^53 equidistant numbers in [0, 1).
constexpr double uniform(std::uint64_t word) {
  return static_cast<double>(word >> 11) * 0x1p-53;
}

// The uniform deviate of a word from the open interval: (0, 1) without its ends, symmetric about
// 1/2.
constexpr double open_uniform(std::uint64_t word) {
  return (static_cast<double>(word >> 12) + 0.5) * 0x1p-52;
}

// A word scaled to a whole number of 0..n-1: floor(word * n / 2^64).
constexpr std::uint64_t scale_word(std::uint64_t word, std::uint64_t n) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((static_cast<Wide>(word) * n) >> 64);
}

// The words of one entity in one tick, drawn one after the other.
class RandomStream {
 public:
  constexpr RandomStream(std::uint64_t key, std::uint64_t id, std::int64_t tick,
                         std::uint64_t first = 0)
      : key_(key), id_(id), tick_(tick), next_(first) {}

  constexpr std::uint64_t word() {
    const std::uint64_t k = next_++;
    if (k % 2 == 0 || !has_block_) {
      block_ = random_block(key_, id_, tick_, k / 2);
      has_block_ = true;
    }
    return block_[k % 2];
  }

  constexpr double uniform() { return bw::uniform(word()); }

  // A uniform integer of 0..n-1, without bias; n = 0 stands for 2^64. Up to 2^32: Lemire, "Fast
  // random integer generation in an interval" (2019), doi:10.1145/3230636.
  constexpr std::uint64_t integers(std::uint64_t n) {
    constexpr std::uint64_t kTwo32 = std::uint64_t{1} << 32;
    if (n == 0 || n > kTwo32) return integers_by_mask(n);
    std::uint64_t product = (word() >> 32) * n;
    if (philox::low_half(product) < n) {
      const std::uint64_t threshold = (kTwo32 - n) % n;
      while (philox::low_half(product) < threshold) product = (word() >> 32) * n;
    }
    return product >> 32;
  }

  // How many words have been drawn, counted from word 0.
  constexpr std::uint64_t position() const { return next_; }

 private:
  // Draws as many bits as n - 1 has until the number is below n.
  constexpr std::uint64_t integers_by_mask(std::uint64_t n) {
    const std::uint64_t last = n - 1;
    std::uint64_t mask = last;
    for (int shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
    std::uint64_t number = word() & mask;
    while (number > last) number = word() & mask;
    return number;
  }

  std::uint64_t key_;
  std::uint64_t id_;
  std::int64_t tick_;
  std::uint64_t next_;
  std::array<std::uint64_t, 2> block_{};
  bool has_block_ = false;
};

// Words first .. first + count - 1 of each of n entities: out[i * count + j] is word first + j of
// ids[i]. In vector code (philox.cpp); the same bits on every `simd` that the processor has.
void fill_random_words(std::uint64_t key, std::int64_t tick, const std::uint64_t* ids,
                       std::size_t n, std::uint64_t first, std::size_t count, std::uint64_t* out,
                       Simd simd = chosen_simd());

}  // namespace bw
