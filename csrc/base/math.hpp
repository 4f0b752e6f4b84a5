// math.hpp: the engine's elementary functions: the same bits on every machine.
//
// The C library's functions differ between versions and processors, so the engine has its own, made
// of nothing but IEEE 754 double addition, multiplication, division, square root and integer
// operations, in the rounding mode "to nearest" and without contraction (-ffp-contract=off). Errors
// are below 0.8 ulp everywhere, for exp, log and pow below 0.55 (the tests hold the figures).
// Special values are those of C (ISO C99, Annex F), except that every NaN that comes out is the
// canonical one (0x7ff8000000000000), and no function sets errno.
//
// Sources of the methods, all of the coefficients being our own (math_coefficients.py): Tang,
// "Table-driven implementation of the exponential function" (1989), doi:10.1145/63522.214389, and
// "... of the logarithm function" (1990), doi:10.1145/98267.98294; Cody, Waite, "Software manual
// for the elementary functions" (1980); Payne, Hanek, "Radian reduction for trigonometric
// functions" (1983), doi:10.1145/1057600.1057602; Dekker, "A floating-point technique for extending
// the available precision" (1971), doi:10.1007/BF01397083; Wichura, "Algorithm AS 241" (1988),
// doi:10.2307/2347330.
#pragma once

#include <cstdint>

namespace bw::math {

double sin(double x);
double cos(double x);
double tan(double x);
double asin(double x);
double acos(double x);
double atan(double x);
double atan2(double y, double x);
double sinh(double x);
double cosh(double x);
double tanh(double x);
double exp(double x);
double expm1(double x);
double log(double x);
double log1p(double x);
double log2(double x);
double log10(double x);
double pow(double x, double y);
double cbrt(double x);
double hypot(double x, double y);
double fmod(double x, double y);

// The standard normal deviate of a random word: the inverse of the normal distribution (AS 241) at
// the word's open uniform. Symmetric: the words w and ~w give opposite deviates. Within +-8.21.
double normal(std::uint64_t word);

// The unit exponential deviate of a random word: -log of the word's open uniform.
double exponential(std::uint64_t word);

}  // namespace bw::math
