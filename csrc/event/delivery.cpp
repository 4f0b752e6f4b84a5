// Sorting events to the rows that receive them: by row, then by stamp within each.
#include "event/delivery.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

namespace bw {
namespace {

// An event to a row as one word: the row above the event's position in its list.
constexpr std::uint64_t entry_of(std::uint32_t row, std::uint32_t position) {
  return (std::uint64_t{row} << 32) | position;
}
constexpr std::uint32_t row_of(std::uint64_t entry) {
  return static_cast<std::uint32_t>(entry >> 32);
}

// Sorts entries, given in the order of positions, by row: least significant digits first (radix
// sort), 11 bits a pass.
void sort_by_row(std::vector<std::uint64_t>& entries) {
  constexpr unsigned kBits = 11;
  constexpr std::size_t kDigits = std::size_t{1} << kBits;
  if (entries.size() < kDigits) {
    std::sort(entries.begin(), entries.end());
    return;
  }
  const std::uint64_t largest = *std::max_element(entries.begin(), entries.end());
  std::vector<std::uint64_t> other(entries.size());
  for (unsigned shift = 32; shift < 64 && (largest >> shift) != 0; shift += kBits) {
    std::array<std::size_t, kDigits + 1> starts{};
    for (const std::uint64_t entry : entries) {
      ++starts[((entry >> shift) & (kDigits - 1)) + 1];
    }
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    for (const std::uint64_t entry : entries) {
      other[starts[(entry >> shift) & (kDigits - 1)]++] = entry;
    }
    entries.swap(other);
  }
}

void sort_by_stamp(const EventList& list, std::span<std::uint32_t> positions) {
  std::sort(positions.begin(), positions.end(), [&](std::uint32_t a, std::uint32_t b) {
    return list.envelopes()[a].stamp < list.envelopes()[b].stamp;
  });
}

}  // namespace

void Delivery::Pile::copy_from(const EventList& list) {
  stride = list.channel().stride();
  stamps.resize(order.size());
  records.resize(order.size() * stride);
  for (std::size_t i = 0; i < order.size(); ++i) {
    stamps[i] = list.envelopes()[order[i]].stamp;
    std::memcpy(records.data() + i * stride, list.record(order[i]), stride);
  }
}

Letters Delivery::Pile::letters(std::size_t begin, std::size_t end) const {
  return {std::span(stamps).subspan(begin, end - begin), records.data() + begin * stride};
}

// Only what the last delivery touched is cleared: the cost follows the events, not the rows.
void Delivery::reset() {
  for (TableLetters& table : tables_) {
    for (const Group& group : table.groups) {
      table.group_of_row[group.row] = 0;
    }
    table.groups.clear();
    table.entries.clear();
  }
  not_found_ = 0;
  everyone_.order.clear();
  personal_.order.clear();
}

void Delivery::collect(const EventList& list, const PhaseClock& clock, std::int64_t since,
                       std::int64_t before, const Find& find) {
  reset();
  stride_ = list.channel().stride();
  for (std::uint32_t i = 0; i < list.size(); ++i) {
    const Envelope& envelope = list.envelopes()[i];
    if (const std::int64_t moment = clock.moment(envelope); moment < since || moment >= before) {
      continue;
    }
    if (envelope.target == kEveryone) {
      everyone_.order.push_back(i);
    } else if (const auto at = find(envelope.target)) {
      tables_.resize(std::max<std::size_t>(tables_.size(), at->table + 1));
      tables_[at->table].entries.push_back(entry_of(at->row, i));
    } else {
      ++not_found_;
    }
  }
  sort_by_stamp(list, everyone_.order);
  everyone_.copy_from(list);
  for (TableLetters& table : tables_) {
    sort_to_rows(list, table);
  }
  personal_.copy_from(list);
}

void Delivery::sort_to_rows(const EventList& list, TableLetters& table) {
  if (table.entries.empty()) {
    return;
  }
  sort_by_row(table.entries);
  const std::size_t rows = row_of(table.entries.back()) + std::size_t{1};
  if (rows > table.group_of_row.size()) {
    table.group_of_row.resize(std::max(rows, 2 * table.group_of_row.size()));
  }
  for (const std::uint64_t entry : table.entries) {
    const std::uint32_t row = row_of(entry);
    const auto place = static_cast<std::uint32_t>(personal_.order.size());
    if (table.groups.empty() || table.groups.back().row != row) {
      table.groups.push_back({row, place, place});
      table.group_of_row[row] = static_cast<std::uint32_t>(table.groups.size());
    }
    ++table.groups.back().end;
    personal_.order.push_back(static_cast<std::uint32_t>(entry));
  }
  for (const Group& group : table.groups) {
    if (group.end - group.begin > 1) {
      sort_by_stamp(list, std::span(personal_.order).subspan(group.begin, group.end - group.begin));
    }
  }
}

Letters Delivery::to_row(std::uint32_t table, std::size_t row) const {
  if (table >= tables_.size() || row >= tables_[table].group_of_row.size()) {
    return {};
  }
  const std::uint32_t group = tables_[table].group_of_row[row];
  if (group == 0) {
    return {};
  }
  const Group& found = tables_[table].groups[group - 1];
  return personal_.letters(found.begin, found.end);
}

std::vector<std::uint32_t> Delivery::rows_with_letters(std::uint32_t table) const {
  std::vector<std::uint32_t> rows;
  if (table < tables_.size()) {
    for (const Group& group : tables_[table].groups) {
      rows.push_back(group.row);
    }
  }
  return rows;
}

std::size_t merge(Letters a, Letters b, std::size_t stride, std::vector<std::byte>& records) {
  records.resize((a.size() + b.size()) * stride);
  std::size_t i = 0;
  std::size_t j = 0;
  for (std::byte* to = records.data(); i < a.size() || j < b.size(); to += stride) {
    const bool first = j == b.size() || (i < a.size() && a.stamps[i] < b.stamps[j]);
    std::memcpy(to, first ? a.records + i++ * stride : b.records + j++ * stride, stride);
  }
  return a.size() + b.size();
}

}  // namespace bw
