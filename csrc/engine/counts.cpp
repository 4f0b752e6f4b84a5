// Counting: how many entities or cells have a component, and, of these, certain values.
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "base/checks.hpp"
#include "engine/simulation.hpp"

namespace bw {
namespace {

// Values side by side in memory that equal one: reals as numbers do, all else bit by bit.
template <class T>
std::uint64_t equal_to(const std::byte* data, std::size_t rows, const std::byte* value) {
  T wanted;
  std::memcpy(&wanted, value, sizeof(T));
  // In blocks whose count fits a byte, so that as many rows as possible share a vector.
  constexpr std::size_t kBlock = 128;
  std::uint64_t found = 0;
  for (std::size_t begin = 0; begin < rows; begin += kBlock) {
    const std::size_t count = std::min(kBlock, rows - begin);
    std::uint8_t in_block = 0;
    for (std::size_t row = 0; row < count; ++row) {
      T here;
      std::memcpy(&here, data + (begin + row) * sizeof(T), sizeof(T));
      in_block = static_cast<std::uint8_t>(in_block + (here == wanted ? 1 : 0));
    }
    found += in_block;
  }
  return found;
}

std::uint64_t equal_rows(const Column& column, std::size_t begin, std::size_t end,
                         const std::byte* value) {
  const std::byte* data = column.at(begin);
  const std::size_t rows = end - begin;
  switch (column.type().scalar) {
    case Scalar::f32:
      return equal_to<float>(data, rows, value);
    case Scalar::f64:
      return equal_to<double>(data, rows, value);
    default:
      break;
  }
  switch (column.value_size()) {
    case 1:
      return equal_to<std::uint8_t>(data, rows, value);
    case 2:
      return equal_to<std::uint16_t>(data, rows, value);
    case 4:
      return equal_to<std::uint32_t>(data, rows, value);
    default:
      return equal_to<std::uint64_t>(data, rows, value);
  }
}

std::uint64_t equal_on(const Rank& rank, FieldKey field, const std::byte* value) {
  std::uint64_t found = 0;
  if (rank.cells && rank.cells->table().has(field.component)) {
    const Table& table = rank.cells->table();
    const Column& column = table.column(table.find_column(field).value());
    for (const CellRun& owned : rank.cells->owned_runs()) {
      found += equal_rows(column, owned.begin, owned.end, value);
    }
    return found;
  }
  const std::array<ComponentId, 1> component{field.component};
  for (const std::uint32_t t : rank.store.tables_with(component)) {
    const Table& table = rank.store.table(t);
    found += equal_rows(table.column(table.find_column(field).value()), 0, table.size(), value);
  }
  return found;
}

}  // namespace

std::uint64_t Simulation::count(ComponentId component) const {
  std::vector<std::uint64_t> counts;
  for (const auto& rank : ranks_) {
    const bool of_cells = rank->cells && rank->cells->table().has(component);
    counts.push_back(of_cells ? rank->cells->owned_count() : rank->store.count(component));
  }
  return global_sum("count", counts);
}

std::uint64_t Simulation::count_equal(FieldKey field, std::span<const std::byte> value) const {
  const FieldType type = model_.schema.field(field).type;
  BW_CHECK(type.length == 1 && value.size() == type.size(), "fields of one number are counted");
  std::vector<std::uint64_t> counts;
  for (const auto& rank : ranks_) {
    counts.push_back(equal_on(*rank, field, value.data()));
  }
  return global_sum("count", counts);
}

}  // namespace bw
