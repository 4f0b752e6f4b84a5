// program.hpp: what every baseline program needs around its model: arguments of the form key=value,
// a clock of CPU time, random numbers, and one line of JSON on stdout. It holds no model logic:
// each model stands whole in its own .cpp file.
#pragma once

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <initializer_list>
#include <iostream>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace baseline {

[[noreturn]] inline void refuse(const std::string& message) {
  std::cerr << message << "\n";
  std::exit(2);
}

// Seconds of CPU time of this process, summed over its threads.
inline double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

inline double wall_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Makes the compiler believe that the memory behind `pointer` is read and written here.
inline void touch(void* pointer) {
  asm volatile("" : : "r"(pointer) : "memory");
}

// The arguments key=value of a program; a key that the program does not name is refused.
class Arguments {
 public:
  Arguments(int argc, char** argv, std::initializer_list<std::string_view> known) {
    for (int i = 1; i < argc; ++i) add(argv[i], known);
  }

  bool has(const std::string& key) const { return values_.count(key) != 0; }

  std::string text(const std::string& key, const std::string& otherwise) const {
    const auto found = values_.find(key);
    return found == values_.end() ? otherwise : found->second;
  }

  // One of the listed words; the first is the default.
  std::string choice(const std::string& key, std::initializer_list<std::string_view> words) const {
    const std::string word = text(key, std::string(*words.begin()));
    std::string listed;
    for (const auto known : words) {
      if (word == known) return word;
      listed.append(" ").append(known);
    }
    refuse(key + "=" + word + ": expected one of" + listed);
  }

  template <class Number>
  Number number(const std::string& key, Number otherwise) const {
    const auto found = values_.find(key);
    if (found == values_.end()) return otherwise;
    const std::string& word = found->second;
    Number value{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) {
      refuse(key + "=" + word + ": expected a number");
    }
    return value;
  }

 private:
  void add(const std::string& argument, std::initializer_list<std::string_view> known) {
    const auto cut = argument.find('=');
    const std::string key = argument.substr(0, cut);
    std::string listed;
    for (const auto name : known) {
      if (cut != std::string::npos && key == name) {
        values_[key] = argument.substr(cut + 1);
        return;
      }
      listed.append(" ").append(name);
    }
    refuse("unknown argument " + argument + ": write key=value with one of the keys" + listed);
  }

  std::map<std::string, std::string> values_;
};

// xoshiro256++ (Blackman and Vigna 2021, doi:10.1145/3460772), seeded by SplitMix64 (Steele, Lea
// and Flood 2014, doi:10.1145/2660193.2660195).
class Random {
 public:
  explicit Random(uint64_t seed) {
    for (uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15u;
      uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
      word = z ^ (z >> 31);
    }
  }

  uint64_t next() {
    const uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const uint64_t carried = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= carried;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // Uniform in [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

  // Uniform in 0..bound-1 (Lemire 2019, doi:10.1145/3230636).
  uint32_t below(uint32_t bound) {
    uint64_t product = (next() >> 32) * bound;
    if (static_cast<uint32_t>(product) < bound) {
      const uint32_t threshold = (0u - bound) % bound;
      while (static_cast<uint32_t>(product) < threshold) product = (next() >> 32) * bound;
    }
    return static_cast<uint32_t>(product >> 32);
  }

  // A uniformly random order of the items (Fisher and Yates 1938; Durstenfeld 1964,
  // doi:10.1145/364520.364540).
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (size_t left = items.size(); left > 1; --left) {
      std::swap(items[left - 1], items[below(static_cast<uint32_t>(left))]);
    }
  }

 private:
  uint64_t state_[4];
};

// The one JSON object that a program prints. Entries keep their order.
class Report {
 public:
  explicit Report(std::string_view name) { entry(top_, "name", name); }

  template <class T>
  Report& parameter(std::string_view key, const T& value) {
    entry(parameters_, key, value);
    return *this;
  }

  // A figure that shows that the same model was computed.
  template <class T>
  Report& metric(std::string_view key, const T& value) {
    entry(metrics_, key, value);
    return *this;
  }

  template <class T>
  Report& figure(std::string_view key, const T& value) {
    entry(top_, key, value);
    return *this;
  }

  // CPU and wall-clock time spent on `units` things called `unit`.
  Report& timing(std::string_view unit, double units, double cpu, double wall) {
    figure("unit", unit);
    figure("units", units);
    figure("ns", units > 0 ? 1e9 * cpu / units : 0.0);
    figure("cpu_seconds", cpu);
    return figure("seconds", wall);
  }

  void print() const {
    std::cout << "{" << top_ << ", \"parameters\": {" << parameters_ << "}, \"metrics\": {"
              << metrics_ << "}}" << std::endl;
  }

 private:
  template <class T>
  static void entry(std::string& object, std::string_view key, const T& value) {
    std::ostringstream out;
    out.precision(std::numeric_limits<double>::max_digits10);
    if (!object.empty()) out << ", ";
    out << '"' << key << "\": ";
    if constexpr (std::is_same_v<T, bool>) {
      out << (value ? "true" : "false");
    } else if constexpr (std::is_floating_point_v<T>) {
      std::isfinite(value) ? out << value : out << "null";
    } else if constexpr (std::is_integral_v<T>) {
      out << +value;
    } else {
      out << '"' << value << '"';
    }
    object += out.str();
  }

  std::string top_, parameters_, metrics_;
};

}  // namespace baseline
