// Wrapping and bounds of written places, and who asks for another one.
#include "schedule/places.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/strided.hpp"
#include "space/cell_box.hpp"

namespace bw {
namespace {

// The first row of [begin, end) whose place lies outside of the world, or `end`.
template <class T, std::size_t Dims>
std::size_t first_outside(const Domain& domain, const Column& column, std::size_t begin,
                          std::size_t end) {
  std::array<T, Dims> size;
  for (std::size_t a = 0; a < Dims; ++a) {
    size[a] = static_cast<T>(domain.size[a]);
  }
  for (std::size_t row = begin; row < end; ++row) {
    std::array<T, Dims> place;
    std::memcpy(place.data(), column.data() + row * sizeof(place), sizeof(place));
    bool within = true;
    for (std::size_t a = 0; a < Dims; ++a) {
      within = within && place[a] >= T{0} && place[a] < size[a];
    }
    if (!within) {
      return row;
    }
  }
  return end;
}

std::size_t first_outside(const Domain& domain, const Column& column, std::size_t begin,
                          std::size_t end) {
  if (domain.integral()) {
    return domain.dims == 3 ? first_outside<std::int32_t, 3>(domain, column, begin, end)
                            : first_outside<std::int32_t, 2>(domain, column, begin, end);
  }
  return domain.dims == 3 ? first_outside<double, 3>(domain, column, begin, end)
                          : first_outside<double, 2>(domain, column, begin, end);
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

// Rows are compared in blocks: in most of them nobody wants to go anywhere.
constexpr std::size_t kBlock = 16;

void keep_wrong(const TableRun& run, std::size_t row, std::string why, Worker& worker) {
  worker.keep({run.run->order, run.table->ids()[row], row, std::move(why), BW_FAILED,
               Failure::Where::after, &run});
}

// A row that wrote a place other than it had.
void ask_for_place(const TableRun& run, std::size_t row, std::byte* place, Worker& worker) {
  const Surroundings& around = *run.around;
  std::int64_t cell = cell_of_place(around.lattice, *around.domain, place);
  if (cell < 0 || around.domain->periodic) {
    if (std::string why = settle_place(*around.domain, place); !why.empty()) {
      keep_wrong(run, row, std::move(why), worker);
      return;
    }
    cell = cell_of_place(around.lattice, *around.domain, place);
  }
  worker.requests.moves.push_back({static_cast<std::uint64_t>(cell),
                                   run.table->ids()[row],
                                   {run.number, static_cast<std::uint32_t>(row)},
                                   run.run->order});
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

std::size_t first_outside(const TableRun& run, std::size_t begin, std::size_t end) {
  return first_outside(*run.around->domain, run.table->column(*run.position), begin, end);
}

std::size_t settle_places(const TableRun& run, std::size_t begin, std::size_t end,
                          std::string& why) {
  const Domain& domain = *run.around->domain;
  Column& column = run.table->column(*run.position);
  for (std::size_t row = begin; (row = first_outside(domain, column, row, end)) != end; ++row) {
    why = settle_place(domain, column.at(row));
    if (!why.empty()) {
      return row;
    }
  }
  return end;
}

void check_places(const TableRun& run, std::size_t begin, std::size_t end, Worker& worker) {
  std::string why;
  while ((begin = settle_places(run, begin, end, why)) != end) {
    keep_wrong(run, begin, why, worker);
    ++begin;
  }
}

void keep_places(const TableRun& run, std::size_t begin, std::size_t end, Worker& worker) {
  const Column& column = run.table->column(*run.position);
  worker.places.assign(column.at(begin), column.at(begin) + (end - begin) * column.value_size());
}

void ask_for_places(const TableRun& run, std::size_t begin, std::size_t end, Worker& worker) {
  Column& column = run.table->column(*run.position);
  for_value_size(column.value_size(), [&](auto size) {
    const std::byte* before = worker.places.data();
    std::byte* now = column.at(begin);
    const std::size_t count = end - begin;
    for (std::size_t first = 0; first < count; first += kBlock) {
      const std::size_t stop = std::min(count, first + kBlock);
      if (std::memcmp(now + first * size, before + first * size, (stop - first) * size) == 0) {
        continue;
      }
      for (std::size_t i = first; i < stop; ++i) {
        if (std::memcmp(now + i * size, before + i * size, size) != 0) {
          ask_for_place(run, begin + i, now + i * size, worker);
          std::memcpy(now + i * size, before + i * size, size);
        }
      }
    }
  });
}

}  // namespace bw
