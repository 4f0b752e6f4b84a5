// hash.hpp: stable hashes of bytes, the state digest, and the keys of random streams.
//
// The hashes are this engine's own and part of its contract: equal on every machine, compiler and
// version, since digests and random keys are made of them. They are not cryptographic.
// Construction: a 128-bit state goes through a permutation, three Feistel rounds whose round
// function is Moremur (Evensen 2019, a refinement of the MurmurHash3 / splitmix64 finaliser:
// Steele, Lea, Flood 2014, doi:10.1145/2660193.2660195); input is xored in, 16 bytes at a time,
// between permutations (Bertoni et al., "Sponge functions", 2007, with the whole state as rate).
// Since every step is a bijection, two inputs of up to 16 bytes never collide. Long inputs go
// through four such states side by side with a cheaper round, a 64 x 64 -> 128 bit multiplication
// whose halves are xored (as in wyhash, Wang Yi 2019). Bytes are read as little-endian words on
// every machine.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace bw {

// 128 bits: the value of a hash, and the state on the way to it.
struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  friend constexpr bool operator==(const Hash128&, const Hash128&) = default;
};

namespace hashing {

// Constants without structure: the first hexadecimal digits of pi's fraction.
inline constexpr std::uint64_t kPi[6] = {0x243F6A8885A308D3, 0x13198A2E03707344,
                                         0xA4093822299F31D0, 0x082EFA98EC4E6C89,
                                         0x452821E638D01377, 0xBE5466CF34E90C6D};
inline constexpr std::uint64_t kFoldMultiplier0 = 0x9E3779B97F4A7C15;  // 2^64 / golden ratio, odd
inline constexpr std::uint64_t kFoldMultiplier1 = 0xD1342543DE82EF95;  // Steele, Vigna 2021

constexpr std::uint64_t little_endian(std::uint64_t word) {
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

// Eight bytes as a little-endian word.
inline std::uint64_t load_word(const unsigned char* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return little_endian(word);
}

// The last size < 8 bytes as a little-endian word, padded with zeros.
inline std::uint64_t load_tail(const unsigned char* bytes, std::size_t size) {
  std::uint64_t word = 0;
  if (size != 0) std::memcpy(&word, bytes, size);
  return little_endian(word);
}

// Up to eight bytes.
inline std::uint64_t load_up_to_word(const unsigned char* bytes, std::size_t size) {
  return size >= 8 ? load_word(bytes) : load_tail(bytes, size);
}

constexpr std::uint64_t moremur(std::uint64_t x) {
  x ^= x >> 27;
  x *= 0x3C79AC492BA7B653;
  x ^= x >> 33;
  x *= 0x1C69B3F74AC4AE35;
  x ^= x >> 27;
  return x;
}

constexpr Hash128 permute(Hash128 s) {
  s.high ^= moremur(s.low + kPi[0]);
  s.low ^= moremur(s.high + kPi[1]);
  s.high ^= moremur(s.low + kPi[2]);
  return s;
}

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t fold(std::uint64_t a, std::uint64_t multiplier) {
  const Wide product = static_cast<Wide>(a) * multiplier;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

constexpr Hash128 absorb(Hash128 s, std::uint64_t first, std::uint64_t second) {
  return permute({s.low ^ first, s.high ^ second});
}

constexpr Hash128 absorb_quickly(Hash128 s, std::uint64_t first, std::uint64_t second) {
  s.low ^= first;
  s.high ^= second;
  s.high ^= fold(s.low + kPi[3], kFoldMultiplier0);
  s.low ^= fold(s.high + kPi[4], kFoldMultiplier1);
  return s;
}

inline constexpr std::size_t kStripe = 64;  // four states of 16 bytes
inline constexpr std::size_t kLong = 256;   // from here on stripes are quicker

// Whole stripes of a long input; afterwards `bytes` and `size` are what is left of it.
inline Hash128 absorb_stripes(Hash128 s, const unsigned char*& bytes, std::size_t& size) {
  Hash128 lanes[4] = {s, s, s, s};
  for (; size >= kStripe; bytes += kStripe, size -= kStripe) {
    for (std::size_t i = 0; i < 4; ++i) {
      lanes[i] = absorb_quickly(lanes[i], load_word(bytes + 16 * i), load_word(bytes + 16 * i + 8));
    }
  }
  for (const Hash128& lane : lanes) s = absorb(s, lane.low, lane.high);
  return s;
}

// All of a range. The caller has put its length into `s`, so padding cannot be mistaken for
// content.
inline Hash128 absorb_bytes(Hash128 s, const unsigned char* bytes, std::size_t size) {
  if (size >= kLong) s = absorb_stripes(s, bytes, size);
  for (; size >= 16; bytes += 16, size -= 16) s = absorb(s, load_word(bytes), load_word(bytes + 8));
  if (size > 8) return absorb(s, load_word(bytes), load_tail(bytes + 8, size - 8));
  if (size > 0) return absorb(s, load_up_to_word(bytes, size), 0);
  return s;
}

}  // namespace hashing

// The hash of a byte range under a seed.
inline Hash128 hash128(const void* bytes, std::size_t size, std::uint64_t seed = 0) {
  const Hash128 start = hashing::permute({seed, hashing::kPi[5] ^ size});
  return hashing::absorb_bytes(start, static_cast<const unsigned char*>(bytes), size);
}
inline Hash128 hash128(std::string_view text, std::uint64_t seed = 0) {
  return hash128(text.data(), text.size(), seed);
}
inline std::uint64_t hash64(const void* bytes, std::size_t size, std::uint64_t seed = 0) {
  return hash128(bytes, size, seed).low;
}
inline std::uint64_t hash64(std::string_view text, std::uint64_t seed = 0) {
  return hash128(text, seed).low;
}

// The key of a random stream: the first 64 bits of hash(seed, name of the stream).
inline std::uint64_t rng_key(std::uint64_t seed, std::string_view stream) {
  return hash64(stream, seed);
}

// Sum mod 2^128 of the hashes of a state's values. Sums commute, so the digest knows no order of
// rows, threads or ranks; parts are added and a replaced value's old hash can be subtracted.
struct Digest {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  friend constexpr bool operator==(const Digest&, const Digest&) = default;

  constexpr Digest& operator+=(const Digest& other) {
    const std::uint64_t sum = low + other.low;
    high += other.high + (sum < low ? 1u : 0u);
    low = sum;
    return *this;
  }
  constexpr Digest& operator-=(const Digest& other) {
    high -= other.high + (low < other.low ? 1u : 0u);
    low -= other.low;
    return *this;
  }
  friend constexpr Digest operator+(Digest a, const Digest& b) { return a += b; }
  friend constexpr Digest operator-(Digest a, const Digest& b) { return a -= b; }

  // 32 hexadecimal digits, the high half first.
  std::string hex() const {
    std::string text(32, '0');
    for (std::size_t i = 0; i < 32; ++i) {
      const std::uint64_t half = i < 16 ? high : low;
      text[i] = "0123456789abcdef"[(half >> (60 - 4 * (i % 16))) & 15];
    }
    return text;
  }
};

// H(room, name, key, bytes) for the values of one listed array: what depends on (room, name, size
// of a value) is computed once, so that a value of up to 8 bytes costs one permutation.
class ColumnHash {
 public:
  ColumnHash(std::string_view room, std::string_view name, std::size_t value_size)
      : value_size_(value_size) {
    const Hash128 of_room = hash128(room);
    const Hash128 of_name = hash128(name);
    start_ = hashing::absorb(of_room, of_name.low, of_name.high);
    start_ = hashing::absorb(start_, value_size, 0);
  }

  std::size_t value_size() const { return value_size_; }

  // The hash of one value; `value` points to value_size() bytes.
  Digest operator()(std::uint64_t key, const void* value) const {
    const auto* bytes = static_cast<const unsigned char*>(value);
    if (value_size_ <= 8) return of_word(key, hashing::load_up_to_word(bytes, value_size_));
    const Hash128 s = hashing::absorb(start_, key, hashing::load_word(bytes));
    return as_digest(hashing::absorb_bytes(s, bytes + 8, value_size_ - 8));
  }

  // The hash of one value of up to 8 bytes, given as a zero-padded little-endian word.
  Digest of_word(std::uint64_t key, std::uint64_t word) const {
    return as_digest(hashing::absorb(start_, key, word));
  }

  // The sum over n values: the value of keys[i] stands at values + i * stride.
  Digest of_column(const std::uint64_t* keys, const void* values, std::ptrdiff_t stride,
                   std::size_t n) const {
    const auto* bytes = static_cast<const unsigned char*>(values);
    switch (value_size_) {
      case 1:
        return of_words<std::uint8_t>(keys, bytes, stride, n);
      case 2:
        return of_words<std::uint16_t>(keys, bytes, stride, n);
      case 4:
        return of_words<std::uint32_t>(keys, bytes, stride, n);
      case 8:
        return of_words<std::uint64_t>(keys, bytes, stride, n);
      default:
        break;
    }
    Digest sum;
    for (std::size_t i = 0; i < n; ++i, bytes += stride) sum += (*this)(keys[i], bytes);
    return sum;
  }

  // The same for columns of floats, `length` of them a value: bit by bit, but all NaNs are one. The
  // sign and payload of a NaN that arithmetic makes differ between processors.
  template <class Real>
  Digest of_reals(const std::uint64_t* keys, const void* values, std::ptrdiff_t stride,
                  std::size_t n, std::size_t length) const {
    using Word = std::conditional_t<sizeof(Real) == 8, std::uint64_t, std::uint32_t>;
    constexpr Word kInfinity = std::bit_cast<Word>(std::numeric_limits<Real>::infinity());
    constexpr Word kNan = std::bit_cast<Word>(std::numeric_limits<Real>::quiet_NaN());
    const auto* bytes = static_cast<const unsigned char*>(values);
    const auto canonical = [](const unsigned char* at) {
      Word word;
      std::memcpy(&word, at, sizeof(word));
      return (word & ~(Word{1} << (8 * sizeof(Word) - 1))) > kInfinity ? kNan : word;
    };
    Digest sum;
    if (length == 1) {
      for (std::size_t i = 0; i < n; ++i, bytes += stride)
        sum += of_word(keys[i], canonical(bytes));
      return sum;
    }
    std::vector<Word> value(length);
    for (std::size_t i = 0; i < n; ++i, bytes += stride) {
      for (std::size_t k = 0; k < length; ++k) value[k] = canonical(bytes + k * sizeof(Word));
      sum += (*this)(keys[i], value.data());
    }
    return sum;
  }

 private:
  static constexpr Digest as_digest(const Hash128& s) { return {s.low, s.high}; }

  template <class Word>
  Digest of_words(const std::uint64_t* keys, const unsigned char* bytes, std::ptrdiff_t stride,
                  std::size_t n) const {
    Digest sum;
    for (std::size_t i = 0; i < n; ++i, bytes += stride) {
      Word value;
      std::memcpy(&value, bytes, sizeof(value));
      // A big-endian machine's 4-byte value, widened, is the word that a little-endian one loads.
      sum += of_word(keys[i], value);
    }
    return sum;
  }

  Hash128 start_;
  std::size_t value_size_;
};

// H(room, name, key, bytes) of a single item, for state that is not a column: clocks, queues,
// blocks of soup.
inline Digest digest_item(std::string_view room, std::string_view name, std::uint64_t key,
                          const void* bytes, std::size_t size) {
  return ColumnHash(room, name, size)(key, bytes);
}

}  // namespace bw
