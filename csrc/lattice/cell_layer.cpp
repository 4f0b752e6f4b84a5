// Rows of the cell layer by place and by global cell.
#include "lattice/cell_layer.hpp"

#include <algorithm>

namespace bw {

void CellLayer::lay_out() {
  std::vector<EntityId> cells(static_cast<std::size_t>(box_.volume()), kNoCell);
  std::size_t row = 0;
  for (std::int64_t z = 0; z < box_.extent[2]; ++z) {
    for (std::int64_t y = 0; y < box_.extent[1]; ++y) {
      for (std::int64_t x = 0; x < box_.extent[0]; ++x, ++row) {
        const std::array<std::int64_t, kAxes> at{x, y, z};
        std::int64_t cell = 0;
        bool inside = true;
        for (std::size_t a = kAxes; a-- > 0;) {
          std::int64_t c = at[a] + box_.low[a];
          if (box_.periodic) {
            c = (c % box_.cells[a] + box_.cells[a]) % box_.cells[a];
          }
          inside = inside && c >= 0 && c < box_.cells[a];
          cell = cell * box_.cells[a] + c;
        }
        if (inside) {
          cells[row] = static_cast<std::uint64_t>(cell);
        }
      }
    }
  }
  table_.append(cells);
}

std::int64_t CellLayer::row_at(const Place& place) const {
  if (!holds(domain_, place)) {
    return -1;
  }
  std::int64_t index = 0;
  for (std::size_t a = static_cast<std::size_t>(box_.dims); a-- > 0;) {
    const std::int64_t at = box_.canonical(a, box_.axis_cell(a, place[a]));
    if (at < 0) {
      return -1;
    }
    index = index * box_.extent[a] + at;
  }
  return index;
}

std::int64_t CellLayer::row_of_cell(std::uint64_t cell) const {
  const std::array<std::uint32_t, kAxes> place =
      bw::place_of_cell(box_, static_cast<std::uint32_t>(cell));
  std::array<std::int64_t, kAxes> at{};
  for (std::size_t a = 0; a < kAxes; ++a) {
    at[a] = box_.canonical(a, place[a]);
    if (at[a] < 0) {
      return -1;
    }
  }
  return box_.index(at[0], at[1], at[2]);
}

Place CellLayer::place_of_cell(std::uint64_t cell) const {
  Place place{};
  for (std::size_t a = 0; a < static_cast<std::size_t>(box_.dims); ++a) {
    const auto cells = static_cast<std::uint64_t>(box_.cells[a]);
    const auto at = static_cast<double>(cell % cells);
    place[a] = domain_.integral() ? at : (at + 0.5) / box_.per_length[a];
    cell /= cells;
  }
  return place;
}

void CellLayer::list_state(const StateSink& sink) const {
  // Owned rows do not lie side by side in the box, so each run of them is a section of its own:
  // same room and name.
  for (const CellRun& run : runs_) {
    StateSection section{
        "lattice", table_.label(), table_.ids().subspan(run.begin, run.end - run.begin), {}};
    for (std::size_t c = 0; c < table_.column_count(); ++c) {
      const Column& column = table_.column(c);
      section.columns.push_back(
          {table_.column_name(c), column.type(), column.at(run.begin), column.stride()});
    }
    sink(section);
  }
}

}  // namespace bw
