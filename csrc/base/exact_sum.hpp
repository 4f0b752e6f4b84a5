// exact_sum.hpp: sums that do not depend on the order of their terms, of doubles and of integers.
//
// Both are plain values of fixed size: they can be copied as bytes between ranks and merged there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace bw {

// An exact sum of doubles: the number that is rounded, once, at the end is the true sum of all
// terms.
//
// A superaccumulator: a fixed-point number as wide as the range of doubles, kept in chunks of 32
// bits with room for carries (Neal, "Fast exact summation using small and large superaccumulators",
// 2015, arXiv:1505.05571). Up to 2^63 terms. A term costs about 3 ns alone, below 1 ns in a range.
class ExactSum {
 public:
  void add(double term);
  void add_range(std::span<const double> terms);
  void merge(const ExactSum& other);

  // The sum, rounded to the nearest double, ties to even; a zero sum is +0. With a NaN or
  // infinities of both signs among the terms it is the canonical NaN, with one infinity that
  // infinity; a finite sum beyond the largest double is infinite.
  double value() const;

  // Equal sums of the same terms have equal bytes once both are normalised.
  void normalise();

  friend bool operator==(const ExactSum&, const ExactSum&) = default;

 private:
  // 2098 bits for any double, 63 for the number of terms, one for the sign.
  static constexpr std::size_t kChunks = 68;
  using Chunks = std::array<std::int64_t, kChunks>;

  void add_special(double term);
  void add_block(std::span<const double> terms);
  static void carry(Chunks& chunks);
  static double round(const Chunks& magnitude);

  // The sum is that of chunks_[i] * 2^(32 i - 1074).
  Chunks chunks_{};
  std::uint32_t pending_ = 0;  // terms since the carries were last propagated
  bool has_nan_ = false;
  bool has_infinity_ = false;
  bool has_negative_infinity_ = false;
  bool unused_ = false;  // instead of a byte of padding: the bytes are compared and sent
};
static_assert(std::is_trivially_copyable_v<ExactSum>);
static_assert(std::has_unique_object_representations_v<ExactSum>);

// An exact sum of integers, as a 128-bit number in two's complement. Up to 2^63 terms.
class IntegerSum {
 public:
  void add(std::int64_t term) { add_words(static_cast<std::uint64_t>(term), term < 0 ? -1 : 0); }
  void add(std::uint64_t term) { add_words(term, 0); }
  void merge(const IntegerSum& other) { add_words(other.low_, other.high_); }

  // Integers of any width.
  template <class Integer>
  void add_range(std::span<const Integer> terms);

  std::uint64_t low() const { return low_; }
  std::int64_t high() const { return high_; }

  // The sum rounded to the nearest double, ties to even.
  double value() const;

  friend bool operator==(const IntegerSum&, const IntegerSum&) = default;

 private:
  void add_words(std::uint64_t low, std::int64_t high) {
    const std::uint64_t sum = low_ + low;
    high_ += high + (sum < low ? 1 : 0);
    low_ = sum;
  }

  std::uint64_t low_ = 0;
  std::int64_t high_ = 0;
};
static_assert(std::has_unique_object_representations_v<IntegerSum>);

template <class Integer>
void IntegerSum::add_range(std::span<const Integer> terms) {
  static_assert(std::is_integral_v<Integer>);
  // Halves are summed apart, so that 2^31 terms cannot overflow and the loop is plain vector code.
  constexpr std::size_t kBlock = std::size_t{1} << 31;
  while (!terms.empty()) {
    const auto block = terms.first(terms.size() < kBlock ? terms.size() : kBlock);
    std::uint64_t low = 0;
    std::int64_t high = 0;
    for (const Integer term : block) {
      const auto wide = static_cast<std::uint64_t>(term);
      low += wide & 0xFFFFFFFF;
      if constexpr (std::is_signed_v<Integer>) {
        high += static_cast<std::int64_t>(wide) >> 32;
      } else {
        high += static_cast<std::int64_t>(wide >> 32);
      }
    }
    add(low);
    add_words(static_cast<std::uint64_t>(high) << 32, high >> 32);
    terms = terms.subspan(block.size());
  }
}

}  // namespace bw
