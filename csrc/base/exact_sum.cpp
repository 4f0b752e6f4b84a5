// exact_sum.cpp: how terms enter the superaccumulator, singly and in blocks, and how a sum is
// rounded.
#include "base/exact_sum.hpp"

#include <bit>
#include <cmath>
#include <limits>

namespace bw {

namespace {

constexpr int kMantissaBits = 52;
constexpr std::uint64_t kMantissaMask = (std::uint64_t{1} << kMantissaBits) - 1;
constexpr std::uint64_t kExponentMask = 0x7FF;
constexpr std::uint64_t kInfinityBits = kExponentMask << kMantissaBits;
constexpr std::int64_t kChunkMask = 0xFFFFFFFF;

// A term adds less than 2^52 + 2^32 to a chunk, which starts below 2^32: 2046 terms would still
// fit.
constexpr std::uint32_t kMaxPending = 2000;

constexpr double kCanonicalNan = std::numeric_limits<double>::quiet_NaN();

// Blocks of a range. They are summed in vectors of two, which is what every processor of the
// baseline has, several of them at a time because additions take a while.
constexpr std::size_t kBlock = 1024;
constexpr int kBlockBits = 10;
constexpr int kMaxExtractions = 8;
constexpr double kLargestForBlocks = 0x1p1000;

typedef double Pair __attribute__((vector_size(16)));
typedef std::int64_t PairBits __attribute__((vector_size(16)));
constexpr std::size_t kPairs = kBlock / 2;
constexpr std::size_t kAtOnce = 4;

Pair magnitude_of(Pair pair) {
  constexpr std::int64_t kAllButSign = std::numeric_limits<std::int64_t>::max();
  return reinterpret_cast<Pair>(reinterpret_cast<PairBits>(pair) &
                                PairBits{kAllButSign, kAllButSign});
}

// The largest magnitude of a block, NaN aside.
double largest_magnitude(const Pair* terms) {
  Pair largest[kAtOnce] = {};
  for (std::size_t i = 0; i < kPairs; i += kAtOnce) {
    for (std::size_t j = 0; j < kAtOnce; ++j) {
      const Pair magnitude = magnitude_of(terms[i + j]);
      largest[j] = magnitude > largest[j] ? magnitude : largest[j];
    }
  }
  double all = 0.0;
  for (const Pair& pair : largest) {
    all = pair[0] > all ? pair[0] : all;
    all = pair[1] > all ? pair[1] : all;
  }
  return all;
}

// Takes from every term its part above the ulp of `sigma` and returns the sum of these parts, which
// is exact; `is_rest_zero` tells whether nothing is left (false with a NaN).
double extract(Pair* terms, double sigma, bool& is_rest_zero) {
  const Pair sigmas{sigma, sigma};
  Pair sums[kAtOnce] = {};
  Pair rests[kAtOnce] = {};
  for (std::size_t i = 0; i < kPairs; i += kAtOnce) {
    for (std::size_t j = 0; j < kAtOnce; ++j) {
      const Pair part = (sigmas + terms[i + j]) - sigmas;
      const Pair rest = terms[i + j] - part;
      sums[j] += part;
      rests[j] += magnitude_of(rest);
      terms[i + j] = rest;
    }
  }
  const Pair sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  const Pair rest = (rests[0] + rests[1]) + (rests[2] + rests[3]);
  is_rest_zero = rest[0] + rest[1] == 0.0;
  return sum[0] + sum[1];
}

// The bits position .. position + 52 of a number in chunks.
std::uint64_t mantissa_at(const std::int64_t* chunks, int position) {
  const int first = position / 32, shift = position % 32;
  const auto chunk = [&](int i) { return static_cast<std::uint64_t>(chunks[first + i]); };
  const std::uint64_t low = chunk(0) | chunk(1) << 32;
  const std::uint64_t above = shift == 0 ? 0 : chunk(2) << (64 - shift);
  return ((low >> shift) | above) & (2 * kMantissaMask + 1);
}

// Whether any bit below position is set.
bool has_bits_below(const std::int64_t* chunks, int position) {
  for (int i = 0; i < position / 32; ++i) {
    if (chunks[i] != 0) return true;
  }
  const std::int64_t mask = (std::int64_t{1} << (position % 32)) - 1;
  return (chunks[position / 32] & mask) != 0;
}

}  // namespace

void ExactSum::add(double term) {
  const auto bits = std::bit_cast<std::uint64_t>(term);
  const std::uint64_t exponent = (bits >> kMantissaBits) & kExponentMask;
  if (exponent == kExponentMask) return add_special(term);
  std::uint64_t mantissa = bits & kMantissaMask;
  std::uint64_t position = 0;
  if (exponent != 0) {
    mantissa |= kMantissaMask + 1;
    position = exponent - 1;
  }
  if (pending_ >= kMaxPending) normalise();
  ++pending_;
  const std::size_t chunk = position / 32;
  const std::uint64_t shift = position % 32;
  const auto low = static_cast<std::int64_t>(mantissa << shift) & kChunkMask;
  const auto high = static_cast<std::int64_t>(mantissa >> (32 - shift));
  if (bits >> 63) {
    chunks_[chunk] -= low;
    chunks_[chunk + 1] -= high;
  } else {
    chunks_[chunk] += low;
    chunks_[chunk + 1] += high;
  }
}

void ExactSum::add_special(double term) {
  if (std::isnan(term)) {
    has_nan_ = true;
  } else if (term > 0) {
    has_infinity_ = true;
  } else {
    has_negative_infinity_ = true;
  }
}

void ExactSum::add_range(std::span<const double> terms) {
  for (; terms.size() >= kBlock; terms = terms.subspan(kBlock)) add_block(terms.first(kBlock));
  for (const double term : terms) add(term);
}

// Sums a block with few exact floating-point sums (extraction of leading parts: Rump, Ogita, Oishi,
// "Accurate floating-point summation part I", 2008, doi:10.1137/050645671): with terms below 2^e
// and sigma = 2^(e + 11), (sigma + x) - sigma is x rounded to a multiple of 2^-53 sigma, so 1024 of
// them add up without rounding in any order; the rests are below 2^(e - 42), and so on until
// nothing is left.
void ExactSum::add_block(std::span<const double> terms) {
  Pair rests[kPairs];
  std::memcpy(rests, terms.data(), sizeof(rests));
  const double largest = largest_magnitude(rests);
  bool is_rest_zero = largest == 0.0;
  if (largest <= kLargestForBlocks) {
    const auto exponent = static_cast<int>(std::bit_cast<std::uint64_t>(largest) >> kMantissaBits);
    int bound = exponent == 0 ? -1022 : exponent - 1022;
    for (int i = 0; i < kMaxExtractions && !is_rest_zero; ++i, bound -= 42) {
      const int sigma_exponent = bound + kBlockBits + 1;
      if (sigma_exponent < -1022) break;
      const auto sigma_bits = static_cast<std::uint64_t>(sigma_exponent + 1023) << kMantissaBits;
      add(extract(rests, std::bit_cast<double>(sigma_bits), is_rest_zero));
    }
  }
  if (is_rest_zero) return;
  for (const Pair& rest : rests) {
    add(rest[0]);
    add(rest[1]);
  }
}

void ExactSum::merge(const ExactSum& other) {
  normalise();
  Chunks theirs = other.chunks_;
  carry(theirs);
  for (std::size_t i = 0; i < kChunks; ++i) chunks_[i] += theirs[i];
  carry(chunks_);
  has_nan_ = has_nan_ || other.has_nan_;
  has_infinity_ = has_infinity_ || other.has_infinity_;
  has_negative_infinity_ = has_negative_infinity_ || other.has_negative_infinity_;
}

void ExactSum::normalise() {
  carry(chunks_);
  pending_ = 0;
}

// Brings all chunks but the last into 0 .. 2^32 - 1; the last one carries the sign.
void ExactSum::carry(Chunks& chunks) {
  for (std::size_t i = 0; i + 1 < kChunks; ++i) {
    chunks[i + 1] += chunks[i] >> 32;
    chunks[i] &= kChunkMask;
  }
}

double ExactSum::value() const {
  if (has_nan_ || (has_infinity_ && has_negative_infinity_)) return kCanonicalNan;
  if (has_infinity_) return std::numeric_limits<double>::infinity();
  if (has_negative_infinity_) return -std::numeric_limits<double>::infinity();
  Chunks chunks = chunks_;
  carry(chunks);
  if (chunks.back() >= 0) return round(chunks);
  for (std::int64_t& chunk : chunks) chunk = -chunk;
  carry(chunks);
  return -round(chunks);
}

double ExactSum::round(const Chunks& magnitude) {
  int top = kChunks - 1;
  while (top > 0 && magnitude[static_cast<std::size_t>(top)] == 0) --top;
  const auto leading = static_cast<std::uint64_t>(magnitude[static_cast<std::size_t>(top)]);
  const int length = 32 * top + static_cast<int>(std::bit_width(leading));
  // Up to 53 bits are a subnormal or the smallest normals: the number is its own encoding.
  const int position = length - (kMantissaBits + 1);
  if (position <= 0) return std::bit_cast<double>(mantissa_at(magnitude.data(), 0));
  // The leading bit of the mantissa raises the exponent field by one; so may a carry of the
  // rounding.
  const std::uint64_t mantissa = mantissa_at(magnitude.data(), position);
  std::uint64_t bits = (static_cast<std::uint64_t>(position) << kMantissaBits) + mantissa;
  const int half = position - 1;
  const bool is_half_set = (magnitude[static_cast<std::size_t>(half / 32)] >> (half % 32)) & 1;
  if (is_half_set && ((bits & 1) || has_bits_below(magnitude.data(), half))) ++bits;
  return std::bit_cast<double>(bits < kInfinityBits ? bits : kInfinityBits);
}

double IntegerSum::value() const {
  const bool is_negative = high_ < 0;
  std::uint64_t low = low_, high = static_cast<std::uint64_t>(high_);
  if (is_negative) {
    low = ~low + 1;
    high = ~high + (low == 0 ? 1 : 0);
  }
  // Bits that are far below the half are gathered in the lowest one, where they only decide ties.
  const int excess = high == 0 ? 0 : static_cast<int>(std::bit_width(high));
  std::uint64_t leading = low;
  if (excess > 0 && excess < 64) leading = (high << (64 - excess)) | (low >> excess);
  if (excess == 64) leading = high;
  const std::uint64_t lost = excess == 0 ? 0 : low << (64 - excess);
  if (lost != 0) leading |= 1;
  const double scale =
      std::bit_cast<double>(static_cast<std::uint64_t>(1023 + excess) << kMantissaBits);
  const double magnitude = static_cast<double>(leading) * scale;
  return is_negative ? -magnitude : magnitude;
}

}  // namespace bw
