// Filling the cells of an exclusive grid, and the cells around a cell.
#include "space/occupants.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>
#include <utility>

#include "base/errors.hpp"
#include "base/strided.hpp"
#include "space/around.hpp"

namespace bw {
namespace {

constexpr std::size_t kRowsPerTask = 1 << 14;
constexpr unsigned kLargestCoded = 255;  // of a byte: it has no successor

std::int64_t cell_in_box(const CellBox& box, const Place& place) {
  std::int64_t index = 0;
  for (std::size_t a = static_cast<std::size_t>(box.dims); a-- > 0;) {
    const std::int64_t at = box.canonical(a, static_cast<std::int64_t>(place[a]));
    if (at < 0) {
      return -1;
    }
    index = index * box.extent[a] + at;
  }
  return index;
}

bool holds_byte(const SourceColumn& column, std::size_t rows, std::byte sought) {
  bool found = false;
  for (std::size_t row = 0; row < rows; ++row) {
    found = found || column.data[static_cast<std::int64_t>(row) * column.stride] == sought;
  }
  return found;
}

}  // namespace

Occupants::Occupants(const Domain& domain, std::vector<std::size_t> column_sizes,
                     std::int64_t coded)
    : domain_(domain), sizes_(std::move(column_sizes)), coded_(coded), columns_(sizes_.size()) {}

// What stands in the cell of a row: for a value that has no successor the same as without a column.
std::uint8_t Occupants::code_of(std::span<const SourceColumn> columns, std::size_t row) const {
  if (coded_ == kNone) {
    return 1;
  }
  const SourceColumn& column = columns[static_cast<std::size_t>(coded_)];
  const auto value =
      static_cast<unsigned>(column.data[static_cast<std::int64_t>(row) * column.stride]);
  return static_cast<std::uint8_t>(value < kLargestCoded ? value + 1 : 1);
}

std::int64_t Occupants::origin() const {
  return -(box_.low[0] + box_.low[1] * box_.line_stride() + box_.low[2] * box_.layer_stride());
}

// A line of cells that begins `first` cells from the agent's own; `self` is the place of the own
// cell on it, or beyond.
void Occupants::add_line(Steps& steps, std::int64_t first, std::int64_t cells, std::int64_t self) {
  constexpr auto kWide = static_cast<std::int64_t>(kLanes);
  for (std::int64_t begin = 0; begin < cells; begin += kWide) {
    std::uint64_t lanes = 0;
    for (std::int64_t k = begin; k < std::min(begin + kWide, cells); ++k) {
      if (k != self) {
        steps.neighbors.push_back(first + k);
        lanes |= std::uint64_t{1} << (8 * (k - begin));
      }
    }
    steps.runs.push_back(first + begin);
    lanes_.push_back(lanes);
  }
}

void Occupants::look_around(bool odd, Steps& steps) {
  steps = {};
  lanes_.clear();
  for_each_line(domain_, static_cast<std::int64_t>(radius_), odd,
                [&](std::int64_t y, std::int64_t z, Columns columns) {
                  const std::int64_t cells = columns.high - columns.low + 1;
                  add_line(steps, z * box_.layer_stride() + y * box_.line_stride() + columns.low,
                           cells, y == 0 && z == 0 ? -columns.low : cells);
                });
}

void Occupants::lay_out(const CellBox& box, double radius) {
  if (radius == radius_ && box.low == box_.low && box.extent == box_.extent) {
    return;
  }
  box_ = box;
  radius_ = radius;
  cells_ = static_cast<std::size_t>(box.volume());
  occupied_.assign(cells_ + kLanes, 0);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    columns_[c].assign((cells_ + kLanes) * sizes_[c], std::byte{0});
  }
  look_around(false, steps_);
  look_around(true, odd_steps_);
}

// Returns how many stand in cells of the box: ghosts may come that are beyond its border.
std::size_t Occupants::enter(ThreadPool& pool, const IndexSource& source) {
  const std::size_t rows = source.ids.size();
  const CellBox here = box_;
  const auto dims = static_cast<std::size_t>(domain_.dims);
  std::atomic<std::size_t> entered{0};
  pool.parallel_for((rows + kRowsPerTask - 1) / kRowsPerTask, [&](std::size_t task, int) {
    const std::size_t end = std::min(rows, (task + 1) * kRowsPerTask);
    std::array<std::uint32_t, kRowsPerTask> cells;
    const std::size_t begin = task * kRowsPerTask;
    std::size_t here_count = 0;
    for (std::size_t row = begin; row < end; ++row) {
      std::array<std::int32_t, kAxes> at{};
      std::memcpy(at.data(),
                  source.places.data + static_cast<std::int64_t>(row) * source.places.stride,
                  dims * sizeof(std::int32_t));
      std::int64_t cell = 0;
      for (std::size_t a = dims; a-- > 0;) {
        std::int64_t on_axis = at[a] - here.low[a];
        if (static_cast<std::uint64_t>(on_axis) >= static_cast<std::uint64_t>(here.extent[a])) {
          on_axis = here.canonical(a, at[a]);  // the other side of a periodic world, or not here
        }
        cell = on_axis < 0 || cell < 0 ? -1 : cell * here.extent[a] + on_axis;
      }
      cells[row - begin] = static_cast<std::uint32_t>(cell);
      if (cell >= 0) {
        occupied_[static_cast<std::size_t>(cell)] = code_of(source.columns, row);
        ++here_count;
      }
    }
    entered += here_count;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      for_value_size(sizes_[c], [&](auto size) {
        for (std::size_t row = begin; row < end; ++row) {
          if (cells[row - begin] != ~std::uint32_t{0}) {
            std::memcpy(
                columns_[c].data() + std::size_t{cells[row - begin]} * size,
                source.columns[c].data + static_cast<std::int64_t>(row) * source.columns[c].stride,
                size);
          }
        }
      });
    }
  });
  return entered;
}

void Occupants::copy_cell(std::size_t to, std::size_t from) {
  occupied_[to] = occupied_[from];
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::memcpy(columns_[c].data() + to * sizes_[c], columns_[c].data() + from * sizes_[c],
                sizes_[c]);
  }
}

void Occupants::build(ThreadPool& pool, const CellBox& box, double radius,
                      std::span<const IndexSource> sources) {
  lay_out(box, radius);
  std::fill(occupied_.begin(), occupied_.end(), std::uint8_t{0});
  std::size_t agents = 0;
  for (const IndexSource& source : sources) {
    agents += enter(pool, source);
  }
  const auto free = std::count(occupied_.begin(), occupied_.end(), std::uint8_t{0});
  if (occupied_.size() - static_cast<std::size_t>(free) != agents) {
    refuse_crowd(sources);
  }
  fits_ = coded_ == kNone || std::none_of(sources.begin(), sources.end(), [&](const auto& source) {
            const SourceColumn& column = source.columns[static_cast<std::size_t>(coded_)];
            return holds_byte(column, source.ids.size(), std::byte{kLargestCoded});
          });
  for_each_image(box_,
                 [&](std::size_t image, std::size_t canonical) { copy_cell(image, canonical); });
}

// Fewer cells are taken than agents came: says where two are.
void Occupants::refuse_crowd(std::span<const IndexSource> sources) const {
  std::vector<std::uint8_t> seen(cells_, 0);
  for (const IndexSource& source : sources) {
    for (std::size_t row = 0; row < source.ids.size(); ++row) {
      const Place place = source.places.at(domain_, row);
      const std::int64_t cell = cell_in_box(box_, place);
      if (cell >= 0 && std::exchange(seen[static_cast<std::size_t>(cell)], std::uint8_t{1}) != 0) {
        std::string where;
        for (std::size_t a = 0; a < static_cast<std::size_t>(domain_.dims); ++a) {
          where += (a > 0 ? ", " : "") + std::to_string(static_cast<std::int64_t>(place[a]));
        }
        throw UserError("two agents stand in the cell (" + where +
                        "); this grid holds at most one agent a cell (max_per_cell=1)");
      }
    }
  }
  throw InternalError("an exclusive grid counts fewer agents than stand in its cells");
}

template <class Visit>
void Occupants::for_images_of(std::uint32_t cell, Visit&& visit) const {
  const std::array<std::uint32_t, kAxes> place = place_of_cell(box_, cell);
  if (!box_.periodic) {
    std::int64_t index = 0;
    for (std::size_t a = static_cast<std::size_t>(box_.dims); a-- > 0;) {
      const std::int64_t on_axis = std::int64_t{place[a]} - box_.low[a];
      if (on_axis < 0 || on_axis >= box_.extent[a]) {
        return;
      }
      index = index * box_.extent[a] + on_axis;
    }
    visit(static_cast<std::size_t>(index));
    return;
  }
  // Along each axis a place stands in the box once, and once more beyond each edge that is within
  // reach of it.
  std::array<std::array<std::int64_t, 3>, kAxes> at{};
  std::array<std::size_t, kAxes> count{1, 1, 1};
  for (std::size_t a = 0; a < static_cast<std::size_t>(box_.dims); ++a) {
    count[a] = 0;
    for (std::int64_t turn = -1; turn <= 1; ++turn) {
      const std::int64_t on_axis = std::int64_t{place[a]} + turn * box_.cells[a] - box_.low[a];
      if (on_axis >= 0 && on_axis < box_.extent[a]) {
        at[a][count[a]++] = on_axis;
      }
    }
  }
  for (std::size_t z = 0; z < count[2]; ++z) {
    for (std::size_t y = 0; y < count[1]; ++y) {
      for (std::size_t x = 0; x < count[0]; ++x) {
        visit(static_cast<std::size_t>(box_.index(at[0][x], at[1][y], at[2][z])));
      }
    }
  }
}

void Occupants::leave(std::uint32_t cell) {
  for_images_of(cell, [&](std::size_t image) { occupied_[image] = 0; });
}

void Occupants::stand(std::uint32_t cell, std::span<const SourceColumn> columns, std::size_t row) {
  for_images_of(cell, [&](std::size_t image) {
    occupied_[image] = code_of(columns, row);
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      for_value_size(sizes_[c], [&](auto size) {
        std::memcpy(columns_[c].data() + image * size,
                    columns[c].data + static_cast<std::int64_t>(row) * columns[c].stride, size);
      });
    }
  });
}

}  // namespace bw
