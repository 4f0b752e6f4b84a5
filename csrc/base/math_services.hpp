// math_services.hpp: puts the engine's mathematics into the table of services that kernels call.
#pragma once

#include "base/math.hpp"
#include "bigworlds/behavior_abi.h"

namespace bw {

// Sets the mathematical entries of a table; the others stay as they are.
inline void fill_math_services(bw_services& services) {
  services.sin = math::sin;
  services.cos = math::cos;
  services.tan = math::tan;
  services.asin = math::asin;
  services.acos = math::acos;
  services.atan = math::atan;
  services.atan2 = math::atan2;
  services.sinh = math::sinh;
  services.cosh = math::cosh;
  services.tanh = math::tanh;
  services.exp = math::exp;
  services.expm1 = math::expm1;
  services.log = math::log;
  services.log1p = math::log1p;
  services.log2 = math::log2;
  services.log10 = math::log10;
  services.pow = math::pow;
  services.cbrt = math::cbrt;
  services.hypot = math::hypot;
  services.fmod = math::fmod;
  services.normal = math::normal;
  services.exponential = math::exponential;
}

}  // namespace bw
