// given_columns.hpp: values for entities as Python gives them, in the form that the core takes.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "engine/simulation.hpp"

namespace bw::bindings {

// Given as (field, array with a row for each entity; one row stands for all); values of any length
// as objects, each the bytes of one. They last as long as this.
class GivenColumns {
 public:
  GivenColumns(const pybind11::list& given, std::size_t count);
  std::span<const SpawnColumn> columns() const { return columns_; }

 private:
  std::vector<SpawnColumn> columns_;
  std::deque<std::vector<ArenaSpan>> spans_;
  std::deque<std::string> arenas_;
};

}  // namespace bw::bindings
