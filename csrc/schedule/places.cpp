// Wrapping and bounds of written places.
#include "schedule/places.hpp"

#include <array>
#include <cmath>
#include <cstring>

namespace bw {
namespace {

template <class T>
bool inside(const std::byte* at, const Domain& domain) {
  bool all = true;
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
    T coordinate;
    std::memcpy(&coordinate, at + a * sizeof(T), sizeof(T));
    const auto real = static_cast<double>(coordinate);
    all = all && real >= 0.0 && real < domain.size[a];
  }
  return all;
}

void write_place(const Domain& domain, const Place& place, std::byte* at) {
  if (!domain.integral()) {
    std::memcpy(at, place.data(), domain.place_size());
    return;
  }
  std::array<std::int32_t, kAxes> cell{};
  for (std::size_t a = 0; a < kAxes; ++a) {
    cell[a] = static_cast<std::int32_t>(place[a]);
  }
  std::memcpy(at, cell.data(), domain.place_size());
}

}  // namespace

std::string settle_place(const Domain& domain, std::byte* at) {
  Place place = PlaceColumn{at, 0}.at(domain, 0);
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
    const double length = domain.size[a];
    if (place[a] >= 0.0 && place[a] < length) {
      continue;
    }
    if (!std::isfinite(place[a])) {
      return "its position is not finite";
    }
    const bool on_far_edge = !domain.integral() && place[a] == length;
    if (!domain.periodic && !on_far_edge) {
      return "it left the bounded world: coordinate " + std::to_string(place[a]) + " on axis " +
             "xyz"[a] + " is not within 0 and " + std::to_string(length) +
             "; clamp it (space.clamp) or make the space periodic";
    }
    if (domain.periodic) {
      place[a] = wrap_coordinate(place[a], length);
    }
  }
  write_place(domain, place, at);
  return {};
}

std::size_t settle_places(const TableRun& run, std::size_t begin, std::size_t end,
                          std::string& why) {
  const Domain& domain = *run.around->domain;
  Column& column = run.table->column(*run.position);
  for (std::size_t row = begin; row < end; ++row) {
    const bool fine = domain.integral() ? inside<std::int32_t>(column.at(row), domain)
                                        : inside<double>(column.at(row), domain);
    if (!fine) {
      why = settle_place(domain, column.at(row));
      if (!why.empty()) {
        return row;
      }
    }
  }
  return end;
}

}  // namespace bw
