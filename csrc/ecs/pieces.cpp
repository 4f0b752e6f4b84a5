// Cutting values into pieces, and putting them together again.
#include "ecs/pieces.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <tuple>
#include <vector>

#include "base/errors.hpp"

namespace bw {
namespace {

FieldType piece_type(FieldType type) {
  return {type.scalar, static_cast<std::uint32_t>(kPieceBytes / scalar_size(type.scalar))};
}

const StateColumn& column_named(const StateSection& section, const char* name, FieldType type) {
  const auto found = std::find_if(
      section.columns.begin(), section.columns.end(),
      [&](const StateColumn& column) { return column.name == name && column.type == type; });
  if (found == section.columns.end()) {
    throw UserError("the state's " + section.name + " has no column '" + name +
                    "', or one of another type");
  }
  return *found;
}

template <class T>
T value_at(const StateColumn& column, std::size_t row) {
  T value;
  std::memcpy(&value, column.data + static_cast<std::int64_t>(row) * column.stride, sizeof(value));
  return value;
}

}  // namespace

void list_pieces(const Column& column, std::span<const EntityId> ids, const std::string& name,
                 const StateSink& sink) {
  const std::size_t scalar = scalar_size(column.type().scalar);
  std::vector<EntityId> keys;
  std::vector<std::uint32_t> pieces;
  std::vector<std::uint8_t> used;
  std::vector<std::byte> values;
  for (std::size_t row = 0; row < ids.size(); ++row) {
    const std::span<const std::byte> contents = column.contents(row);
    std::uint32_t piece = 0;
    for (std::size_t begin = 0; begin < contents.size(); begin += kPieceBytes) {
      const std::size_t size = std::min(kPieceBytes, contents.size() - begin);
      keys.push_back(ids[row]);
      pieces.push_back(piece++);
      used.push_back(static_cast<std::uint8_t>(size / scalar));
      values.resize(keys.size() * kPieceBytes);
      std::memcpy(values.data() + (keys.size() - 1) * kPieceBytes, contents.data() + begin, size);
    }
  }
  if (!keys.empty()) {
    sink({"ecs",
          name,
          keys,
          {{"piece", {Scalar::u32, 1}, reinterpret_cast<const std::byte*>(pieces.data()), 4},
           {"used", {Scalar::u8, 1}, reinterpret_cast<const std::byte*>(used.data()), 1},
           {"value", piece_type(column.type()), values.data(), kPieceBytes}}});
  }
}

void for_contents(const StateSection& section, FieldType type,
                  const std::function<void(EntityId, std::span<const std::byte>)>& visit) {
  const StateColumn& piece = column_named(section, "piece", {Scalar::u32, 1});
  const StateColumn& used = column_named(section, "used", {Scalar::u8, 1});
  const StateColumn& value = column_named(section, "value", piece_type(type));
  std::vector<std::size_t> order(section.keys.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto place = [&](std::size_t row) {
    return std::tuple(section.keys[row], value_at<std::uint32_t>(piece, row));
  };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return place(a) < place(b); });
  const std::size_t most = piece_type(type).length;
  std::vector<std::byte> contents;
  for (std::size_t i = 0, first = 0; i < order.size(); ++i) {
    const std::size_t row = order[i];
    const EntityId id = section.keys[row];
    const bool last = i + 1 == order.size() || section.keys[order[i + 1]] != id;
    const std::size_t count = value_at<std::uint8_t>(used, row);
    if (value_at<std::uint32_t>(piece, row) != i - first || count == 0 || count > most ||
        (!last && count != most)) {
      throw UserError("the state's " + section.name + " of entity " + std::to_string(id) +
                      " is not whole; the snapshot is damaged");
    }
    const std::byte* from = value.data + static_cast<std::int64_t>(row) * value.stride;
    contents.insert(contents.end(), from, from + count * scalar_size(type.scalar));
    if (last) {
      visit(id, contents);
      contents.clear();
      first = i + 1;
    }
  }
}

}  // namespace bw
