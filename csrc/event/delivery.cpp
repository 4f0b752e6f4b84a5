// Sorting events to the rows that receive them: by counting rows, then by stamp within each.
#include "event/delivery.hpp"

#include <algorithm>
#include <cstring>

namespace bw {

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
  for (const Group& group : groups_) {
    group_of_row_[group.at.table][group.at.row] = 0;
  }
  groups_.clear();
  not_found_ = 0;
  everyone_.order.clear();
  personal_.order.clear();
}

std::uint32_t Delivery::group_at(Location at) {
  if (at.table >= group_of_row_.size()) {
    group_of_row_.resize(at.table + 1);
  }
  std::vector<std::uint32_t>& groups = group_of_row_[at.table];
  if (at.row >= groups.size()) {
    groups.resize(std::max<std::size_t>(at.row + 1, 2 * groups.size()));
  }
  if (groups[at.row] == 0) {
    groups_.push_back({at});
    groups[at.row] = static_cast<std::uint32_t>(groups_.size());
  }
  return groups[at.row] - 1;
}

void Delivery::collect(const EventList& list, const PhaseClock& clock, std::int64_t since, std::int64_t before,
                       const Find& find) {
  reset();
  stride_ = list.channel().stride();
  std::vector<std::uint32_t> events;
  std::vector<std::uint32_t> group_of;
  for (std::uint32_t i = 0; i < list.size(); ++i) {
    const Envelope& envelope = list.envelopes()[i];
    if (const std::int64_t moment = clock.moment(envelope); moment < since || moment >= before) {
      continue;
    }
    if (envelope.target == kEveryone) {
      everyone_.order.push_back(i);
    } else if (const auto at = find(envelope.target)) {
      events.push_back(i);
      group_of.push_back(group_at(*at));
      ++groups_[group_of.back()].end;  // a count for now
    } else {
      ++not_found_;
    }
  }
  std::sort(everyone_.order.begin(), everyone_.order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return list.envelopes()[a].stamp < list.envelopes()[b].stamp;
  });
  everyone_.copy_from(list);
  sort_groups(list, events, group_of);
  personal_.copy_from(list);
}

void Delivery::sort_groups(const EventList& list, std::span<const std::uint32_t> events,
                           std::span<const std::uint32_t> group_of) {
  std::uint32_t begin = 0;
  for (Group& group : groups_) {
    group.begin = begin;
    begin += group.end;
    group.end = group.begin;
  }
  personal_.order.resize(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    personal_.order[groups_[group_of[i]].end++] = events[i];
  }
  for (const Group& group : groups_) {
    if (group.end - group.begin > 1) {
      std::sort(personal_.order.begin() + group.begin, personal_.order.begin() + group.end,
                [&](std::uint32_t a, std::uint32_t b) {
                  return list.envelopes()[a].stamp < list.envelopes()[b].stamp;
                });
    }
  }
}

Letters Delivery::to_row(std::uint32_t table, std::size_t row) const {
  if (table >= group_of_row_.size() || row >= group_of_row_[table].size()) {
    return {};
  }
  const std::uint32_t group = group_of_row_[table][row];
  return group == 0 ? Letters{} : personal_.letters(groups_[group - 1].begin, groups_[group - 1].end);
}

std::vector<std::uint32_t> Delivery::rows_with_letters(std::uint32_t table) const {
  std::vector<std::uint32_t> rows;
  for (const Group& group : groups_) {
    if (group.at.table == table) {
      rows.push_back(group.at.row);
    }
  }
  std::sort(rows.begin(), rows.end());
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
