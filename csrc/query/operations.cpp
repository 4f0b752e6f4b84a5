#include "query/operations.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "base/math.hpp"

namespace bw {
namespace {

using Whole = std::int64_t;
using Natural = std::uint64_t;
using Truth = std::uint8_t;

// Integer arithmetic goes through unsigned numbers: signed ones may not wrap in C++.
template <class T>
T wrapped(Natural value) {
  return static_cast<T>(value);
}
template <class T>
Natural bits(T value) {
  return static_cast<Natural>(value);
}

struct Add {
  template <class T>
  static T of(T a, T b) {
    if constexpr (std::is_integral_v<T>) return wrapped<T>(bits(a) + bits(b));
    return a + b;
  }
};
struct Subtract {
  template <class T>
  static T of(T a, T b) {
    if constexpr (std::is_integral_v<T>) return wrapped<T>(bits(a) - bits(b));
    return a - b;
  }
};
struct Multiply {
  template <class T>
  static T of(T a, T b) {
    if constexpr (std::is_integral_v<T>) return wrapped<T>(bits(a) * bits(b));
    return a * b;
  }
};
struct Divide {
  static double of(double a, double b) { return a / b; }
};
struct Least {
  template <class T>
  static T of(T a, T b) {
    if constexpr (!std::is_integral_v<T>) {
      if (a != a) return a;
    }
    return a < b ? a : b;
  }
};
struct Greatest {
  template <class T>
  static T of(T a, T b) {
    if constexpr (!std::is_integral_v<T>) {
      if (a != a) return a;
    }
    return a > b ? a : b;
  }
};
struct Less {
  template <class T>
  static Truth of(T a, T b) {
    return a < b ? 1 : 0;
  }
};
struct LessEqual {
  template <class T>
  static Truth of(T a, T b) {
    return a <= b ? 1 : 0;
  }
};
struct Equal {
  template <class T>
  static Truth of(T a, T b) {
    return a == b ? 1 : 0;
  }
};
struct Unequal {
  template <class T>
  static Truth of(T a, T b) {
    return a != b ? 1 : 0;
  }
};
struct And {
  static Truth of(Truth a, Truth b) { return a & b; }
};
struct Or {
  static Truth of(Truth a, Truth b) { return a | b; }
};

// Quotients and remainders are rounded down, as in Python; those of reals as in NumPy.
struct FloorDivide {
  static double of(double a, double b) {
    if (b == 0.0) return a / b;
    const double rest = math::fmod(a, b);
    double quotient = (a - rest) / b;
    if (rest != 0.0 && (b < 0.0) != (rest < 0.0)) quotient -= 1.0;
    if (quotient == 0.0) return std::copysign(0.0, a / b);
    const double whole = std::floor(quotient);
    return quotient - whole > 0.5 ? whole + 1.0 : whole;
  }
  static Whole of(Whole a, Whole b) {
    if (b == -1) return wrapped<Whole>(0 - bits(a));
    const Whole quotient = a / b;
    return quotient - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
  }
  static Natural of(Natural a, Natural b) { return a / b; }
};
struct Remainder {
  static double of(double a, double b) {
    const double rest = math::fmod(a, b);
    if (b == 0.0) return rest;
    if (rest == 0.0) return std::copysign(0.0, b);
    return rest != rest || (b < 0.0) == (rest < 0.0) ? rest : rest + b;
  }
  static Whole of(Whole a, Whole b) {
    if (b == -1) return 0;
    const Whole rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
  static Natural of(Natural a, Natural b) { return a % b; }
};

struct Negate {
  static double of(double a) { return -a; }
  static Whole of(Whole a) { return wrapped<Whole>(0 - bits(a)); }
};
struct Magnitude {
  static double of(double a) { return std::fabs(a); }
  static Whole of(Whole a) { return a < 0 ? wrapped<Whole>(0 - bits(a)) : a; }
  static Natural of(Natural a) { return a; }
};
struct Root {
  static double of(double a) { return std::sqrt(a); }
};
struct Floor {
  static double of(double a) { return std::floor(a); }
};
struct Ceiling {
  static double of(double a) { return std::ceil(a); }
};
struct Not {
  static Truth of(Truth a) { return a ^ 1; }
};
template <class To>
struct As {
  template <class T>
  static To of(T a) {
    return static_cast<To>(a);
  }
};
struct NotZero {
  template <class T>
  static Truth of(T a) {
    return a != 0 ? 1 : 0;
  }
};

template <class T>
const T* of_type(const std::byte* values) {
  return reinterpret_cast<const T*>(values);
}

template <class From, class To, class Function>
QueryFault binary(std::size_t count, std::byte* to, const std::byte* a, const std::byte* b,
                  const std::byte*) {
  auto* out = reinterpret_cast<To*>(to);
  const From* left = of_type<From>(a);
  const From* right = of_type<From>(b);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = Function::of(left[i], right[i]);
  }
  return QueryFault::none;
}

template <class T, class Function>
QueryFault divide_whole(std::size_t count, std::byte* to, const std::byte* a, const std::byte* b,
                        const std::byte* c) {
  const T* divisors = of_type<T>(b);
  for (std::size_t i = 0; i < count; ++i) {
    if (divisors[i] == 0) return QueryFault::divided_by_zero;
  }
  return binary<T, T, Function>(count, to, a, b, c);
}

template <class From, class To, class Function>
QueryFault unary(std::size_t count, std::byte* to, const std::byte* a, const std::byte*,
                 const std::byte*) {
  auto* out = reinterpret_cast<To*>(to);
  const From* from = of_type<From>(a);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = Function::of(from[i]);
  }
  return QueryFault::none;
}

QueryFault natural_to_whole(std::size_t count, std::byte* to, const std::byte* a, const std::byte*,
                            const std::byte*) {
  const Natural* from = of_type<Natural>(a);
  auto* out = reinterpret_cast<Whole*>(to);
  Natural all = 0;
  for (std::size_t i = 0; i < count; ++i) {
    all |= from[i];
    out[i] = static_cast<Whole>(from[i]);
  }
  return (all >> 63) != 0 ? QueryFault::beyond_signed : QueryFault::none;
}

// Values of 8 bytes of any type: those of `b` where `a` holds, those of `c` elsewhere.
QueryFault choose(std::size_t count, std::byte* to, const std::byte* a, const std::byte* b,
                  const std::byte* c) {
  const Truth* holds = of_type<Truth>(a);
  const Natural* then = of_type<Natural>(b);
  const Natural* otherwise = of_type<Natural>(c);
  auto* out = reinterpret_cast<Natural*>(to);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = holds[i] != 0 ? then[i] : otherwise[i];
  }
  return QueryFault::none;
}

template <class Function>
constexpr auto kReals = &binary<double, double, Function>;
template <class Function>
constexpr auto kWholes = &binary<Whole, Whole, Function>;
template <class Function>
constexpr auto kNaturals = &binary<Natural, Natural, Function>;

constexpr auto kOperations = std::to_array<std::pair<std::string_view, QueryOperation>>({
    {"add real", kReals<Add>},
    {"add whole", kWholes<Add>},
    {"add natural", kNaturals<Add>},
    {"subtract real", kReals<Subtract>},
    {"subtract whole", kWholes<Subtract>},
    {"subtract natural", kNaturals<Subtract>},
    {"multiply real", kReals<Multiply>},
    {"multiply whole", kWholes<Multiply>},
    {"multiply natural", kNaturals<Multiply>},
    {"divide real", kReals<Divide>},
    {"floor_divide real", kReals<FloorDivide>},
    {"floor_divide whole", &divide_whole<Whole, FloorDivide>},
    {"floor_divide natural", &divide_whole<Natural, FloorDivide>},
    {"remainder real", kReals<Remainder>},
    {"remainder whole", &divide_whole<Whole, Remainder>},
    {"remainder natural", &divide_whole<Natural, Remainder>},
    {"min real", kReals<Least>},
    {"min whole", kWholes<Least>},
    {"min natural", kNaturals<Least>},
    {"max real", kReals<Greatest>},
    {"max whole", kWholes<Greatest>},
    {"max natural", kNaturals<Greatest>},
    {"less real", &binary<double, Truth, Less>},
    {"less whole", &binary<Whole, Truth, Less>},
    {"less natural", &binary<Natural, Truth, Less>},
    {"less_equal real", &binary<double, Truth, LessEqual>},
    {"less_equal whole", &binary<Whole, Truth, LessEqual>},
    {"less_equal natural", &binary<Natural, Truth, LessEqual>},
    {"equal real", &binary<double, Truth, Equal>},
    {"equal whole", &binary<Whole, Truth, Equal>},
    {"equal natural", &binary<Natural, Truth, Equal>},
    {"unequal real", &binary<double, Truth, Unequal>},
    {"unequal whole", &binary<Whole, Truth, Unequal>},
    {"unequal natural", &binary<Natural, Truth, Unequal>},
    {"and truth", &binary<Truth, Truth, And>},
    {"or truth", &binary<Truth, Truth, Or>},
    {"not truth", &unary<Truth, Truth, Not>},
    {"negate real", &unary<double, double, Negate>},
    {"negate whole", &unary<Whole, Whole, Negate>},
    {"abs real", &unary<double, double, Magnitude>},
    {"abs whole", &unary<Whole, Whole, Magnitude>},
    {"abs natural", &unary<Natural, Natural, Magnitude>},
    {"sqrt real", &unary<double, double, Root>},
    {"floor real", &unary<double, double, Floor>},
    {"ceil real", &unary<double, double, Ceiling>},
    {"whole to real", &unary<Whole, double, As<double>>},
    {"natural to real", &unary<Natural, double, As<double>>},
    {"natural to whole", &natural_to_whole},
    {"truth to whole", &unary<Truth, Whole, As<Whole>>},
    {"real to truth", &unary<double, Truth, NotZero>},
    {"whole to truth", &unary<Whole, Truth, NotZero>},
    {"natural to truth", &unary<Natural, Truth, NotZero>},
    {"choose", &choose},
});

}  // namespace

QueryOperation find_query_operation(std::string_view name) {
  for (const auto& [known, operation] : kOperations) {
    if (known == name) return operation;
  }
  return nullptr;
}

std::uint64_t ordered_bits(double value) {
  if (value != value) return kNanIsLast;
  const auto raw = std::bit_cast<std::uint64_t>(value);
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  return (raw & kSign) != 0 ? ~raw : raw | kSign;
}

}  // namespace bw
