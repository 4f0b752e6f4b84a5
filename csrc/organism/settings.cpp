// settings.cpp: settings that cannot be are named.
#include "organism/settings.hpp"

#include <cmath>
#include <string>

#include "base/errors.hpp"
#include "vm/soup.hpp"

namespace bw {

namespace {

void must(bool holds, const std::string& name, const std::string& expected, double found) {
  if (holds) return;
  throw UserError(name + " must be " + expected + ", found " + std::to_string(found));
}

void check_share(const std::string& name, double value) {
  must(value >= 0.0 && value <= 1.0, name, "from 0 to 1", value);
}

void check_amount(const std::string& name, double value) {
  must(value >= 0.0 && std::isfinite(value), name, "a number from 0 on", value);
}

void check_mutation(const MutationSettings& rates) {
  // A kind that strikes at births strikes again with the same probability, so 1 would never end.
  const auto births = [](const std::string& name, double value) {
    must(value == 0.0 || (value > 1.0 && std::isfinite(value)), name,
         "0 or above 1 (one in N births)", value);
  };
  check_amount("mutation.copy", rates.copy);
  check_amount("mutation.background", rates.background);
  check_amount("mutation.flaw", rates.flaw);
  births("mutation.point", rates.point);
  births("mutation.same_size_crossover", rates.same_size_crossover);
  births("mutation.crossover", rates.crossover);
  births("mutation.insertion", rates.insertion);
  births("mutation.deletion", rates.deletion);
  births("mutation.segment_crossover", rates.segment_crossover);
  births("mutation.segment_insertion", rates.segment_insertion);
  births("mutation.segment_deletion", rates.segment_deletion);
  check_share("mutation.flip_share", rates.flip_share);
}

}  // namespace

void check(const SoupSettings& s) {
  must(s.cells >= kLeastSoupCells && s.cells <= kMostSoupCells, "cells",
       "from " + std::to_string(kLeastSoupCells) + " to " + std::to_string(kMostSoupCells),
       s.cells);
  must(s.slice_rule == SliceRule::kSize || s.slice >= 1, "slice", "at least 1", s.slice);
  must(s.most_slice >= 1, "most_slice", "at least 1", s.most_slice);
  must(s.slice_power >= 0.0 && s.slice_power <= 4.0, "slice_power", "from 0 to 4", s.slice_power);
  check_amount("reach", s.reach);
  must(s.most_child >= 1.0 && std::isfinite(s.most_child), "most_child", "at least 1",
       s.most_child);
  must(s.least_size >= 1, "least_size", "at least 1", s.least_size);
  must(s.least_genome >= 1, "least_genome", "at least 1", s.least_genome);
  check_share("moved_share", s.moved_share);
  check_amount("search_limit", s.search_limit);
  must(s.shortest_template >= 1, "shortest_template", "at least 1", s.shortest_template);
  check_share("reap_share", s.reap_share);
  check_amount("lazy", s.lazy);
  check_mutation(s.mutation);
}

}  // namespace bw
