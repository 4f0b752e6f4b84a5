// draws.hpp: the random numbers of one purpose in one tile: words of Philox keyed by (seed,
// purpose), addressed by (tile, how manieth). The count alone is state.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/hash.hpp"
#include "base/philox.hpp"

namespace bw {

class Draws {
 public:
  Draws(std::uint64_t seed, std::uint64_t tile, std::string_view purpose)
      : key_(rng_key(seed, purpose)), tile_(tile) {}

  // 0 .. n - 1, n from 1 to 2^32; as even as 32 bits make it.
  std::uint32_t below(std::uint64_t n) { return static_cast<std::uint32_t>((half() * n) >> 32); }

  // Whether something happens that happens with this probability; it draws in any case.
  bool chance(double probability) { return static_cast<double>(half()) * 0x1p-32 < probability; }

  // A waiting time of mean `mean`, uniform among 1 .. 2 * mean.
  std::int64_t wait(double mean) {
    const double most = 2.0 * mean;
    const std::uint64_t n = most < 1.0 ? 1 : most > 0x1p62 ? kLongest : whole(most);
    const std::uint64_t word = half() << 32 | half();
    return 1 + static_cast<std::int64_t>(scale_word(word, n));
  }

  std::uint64_t count() const { return count_; }
  void set_count(std::uint64_t count) {
    count_ = count;
    made_ = ~std::uint64_t{0};
  }

 private:
  static constexpr std::uint64_t kLongest = std::uint64_t{1} << 62;
  static std::uint64_t whole(double number) { return static_cast<std::uint64_t>(number); }

  // Blocks of the cipher that are made at once, side by side; four halves of words each.
  static constexpr std::uint64_t kBlocks = 4;
  static constexpr std::uint64_t kHalves = 4 * kBlocks;

  // The next 32 bits.
  std::uint64_t half() {
    const std::uint64_t n = count_++;
    if (n / kHalves != made_) [[unlikely]]
      make(n / kHalves);
    return words_[n / 2 % (kHalves / 2)] >> (32 * (n % 2)) & 0xFFFFFFFF;
  }

  [[gnu::noinline]] void make(std::uint64_t which) {
    constexpr std::uint64_t kBlocksOfTick = std::uint64_t{1} << philox::kTickShift;
    made_ = which;
    const std::uint64_t first = which * kBlocks;
    for (std::uint64_t i = 0; i < kBlocks; ++i) {
      const auto block = random_block(key_, tile_, static_cast<std::int64_t>(first / kBlocksOfTick),
                                      first % kBlocksOfTick + i);
      words_[2 * i] = block[0];
      words_[2 * i + 1] = block[1];
    }
  }

  std::uint64_t key_;
  std::uint64_t tile_;
  std::uint64_t count_ = 0;
  std::uint64_t made_ = ~std::uint64_t{0};  // which halves are in words_: those of count / kHalves
  std::array<std::uint64_t, kHalves / 2> words_{};
};

}  // namespace bw
