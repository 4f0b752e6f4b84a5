// Building the neighbour index: a counting sort by cell, each cell sorted by id, images copied,
// columns packed.
#include "space/neighbor_index.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/errors.hpp"
#include "base/strided.hpp"

namespace bw {
namespace {

constexpr std::size_t kItemsPerTask = 1 << 14;
constexpr std::int64_t kCellsPerTask = 1 << 14;

// From here on insertion is no longer the quickest way to sort a cell.
constexpr std::uint32_t kCrowd = 64;

// Slots are read in whole vectors of eight doubles; the last vector may reach this far beyond the
// end.
constexpr std::size_t kPadding = 8;

std::size_t tasks_of(std::size_t items, std::size_t per_task) {
  return (items + per_task - 1) / per_task;
}

template <class T>
void resize_padded(LargeVector<T>& values, std::size_t size) {
  values.reserve(size + kPadding);
  values.resize(size);
}

// Places read by a type that is known to the compiler: the loops over them are the index's inner
// loops.
template <class T, int Dims>
struct PlaceReader {
  static constexpr int kDims = Dims;
  static constexpr bool kReal = std::is_floating_point_v<T>;
  const std::byte* data;
  std::int64_t stride;

  Place operator()(std::size_t row) const {
    std::array<T, static_cast<std::size_t>(Dims)> values;
    std::memcpy(values.data(), data + static_cast<std::int64_t>(row) * stride, sizeof(values));
    Place place{};
    for (std::size_t a = 0; a < static_cast<std::size_t>(Dims); ++a) {
      place[a] = static_cast<double>(values[a]);
    }
    return place;
  }
};

template <class Visit>
void read_places(const Domain& domain, const PlaceColumn& places, Visit&& visit) {
  if (domain.integral()) {
    domain.dims == 2 ? visit(PlaceReader<std::int32_t, 2>{places.data, places.stride})
                     : visit(PlaceReader<std::int32_t, 3>{places.data, places.stride});
  } else {
    domain.dims == 2 ? visit(PlaceReader<double, 2>{places.data, places.stride})
                     : visit(PlaceReader<double, 3>{places.data, places.stride});
  }
}

// Cells of places in a box. Where the box has all of the world, each cell is its own canonical one.
template <int Dims, bool kWhole>
std::uint32_t box_cell(const CellBox& box, const Place& place) {
  std::int64_t index = 0;
  for (std::size_t a = static_cast<std::size_t>(Dims); a-- > 0;) {
    const std::int64_t cell = box.axis_cell(a, place[a]);
    const std::int64_t at = kWhole ? cell - box.low[a] : box.canonical(a, cell);
    if (!kWhole && at < 0) {
      return ~std::uint32_t{0};
    }
    index = index * box.extent[a] + at;
  }
  return static_cast<std::uint32_t>(index);
}

bool has_whole_world(const CellBox& box) {
  bool whole = true;
  for (std::size_t a = 0; a < static_cast<std::size_t>(box.dims); ++a) {
    whole = whole && box.low[a] <= 0 && box.low[a] + box.extent[a] >= box.cells[a];
  }
  return whole;
}

// Adds one to a counter that other threads may count in as well; returns what it was.
std::uint32_t increment(std::uint32_t& counter, bool threaded) {
  return threaded ? std::atomic_ref<std::uint32_t>(counter).fetch_add(1, std::memory_order_relaxed)
                  : counter++;
}

}  // namespace

NeighborIndex::NeighborIndex(const Domain& domain, std::vector<std::size_t> column_sizes)
    : domain_(domain), sizes_(std::move(column_sizes)), columns_(sizes_.size()) {}

void NeighborIndex::build(ThreadPool& pool, const CellBox& box,
                          std::span<const IndexSource> sources) {
  box_ = box;
  bases_.assign(1, 0);
  for (const IndexSource& source : sources) {
    bases_.push_back(bases_.back() + source.ids.size());
  }
  if (bases_.back() >= kOutside || box_.volume() >= kOutside) {
    throw Error("a rank holds more than 4e9 agents or cells; use more ranks");
  }
  place_items(pool, sources);
  count_images();
  scatter_items(pool, sources);
  sort_cells(pool);
  copy_images();
  pack(pool, sources);
}

void NeighborIndex::place_items(ThreadPool& pool, std::span<const IndexSource> sources) {
  cell_of_item_.resize(bases_.back());
  starts_.assign(static_cast<std::size_t>(box_.volume()) + 2, 0);
  for (std::size_t s = 0; s < sources.size(); ++s) {
    read_places(domain_, sources[s].places, [&](auto place_of) {
      if (has_whole_world(box_)) {
        place_source<true>(pool, place_of, bases_[s], bases_[s + 1]);
      } else {
        place_source<false>(pool, place_of, bases_[s], bases_[s + 1]);
      }
    });
  }
}

template <bool kWhole, class PlaceOf>
void NeighborIndex::place_source(ThreadPool& pool, PlaceOf place_of, std::size_t first,
                                 std::size_t last) {
  const bool threaded = pool.threads() > 1;
  pool.parallel_for(tasks_of(last - first, kItemsPerTask), [&](std::size_t task, int) {
    // The compiler must see that writing a count changes neither the box nor the columns.
    const CellBox box = box_;
    std::uint32_t* cells = cell_of_item_.data() + first;
    std::uint32_t* counts = starts_.data() + 2;  // shifted by two: see scatter_items
    const std::size_t end = std::min(last - first, (task + 1) * kItemsPerTask);
    for (std::size_t row = task * kItemsPerTask; row < end; ++row) {
      const std::uint32_t cell = box_cell<PlaceOf::kDims, kWhole>(box, place_of(row));
      cells[row] = cell;
      if (kWhole || cell != kOutside) {
        increment(counts[cell], threaded);
      }
    }
  });
}

void NeighborIndex::count_images() {
  std::uint32_t* counts = starts_.data() + 2;
  for_each_image(
      box_, [&](std::size_t image, std::size_t canonical) { counts[image] = counts[canonical]; });
  std::uint64_t total = 0;
  for (std::size_t c = 2; c < starts_.size(); ++c) {
    total += starts_[c];
    starts_[c] = static_cast<std::uint32_t>(total);
  }
  if (total >= kOutside) {
    throw Error("a rank holds more than 4e9 agents, images included; use more ranks");
  }
}

void NeighborIndex::scatter_items(ThreadPool& pool, std::span<const IndexSource> sources) {
  // starts_[c + 1] is the first slot of cell c now; filling cell c moves it to the first slot of
  // cell c + 1, which is where starts_ wants it: so no second array of cursors is needed. Images
  // are filled by copy_images.
  const std::size_t slots = starts_.back();
  resize_padded(item_of_slot_, slots);
  resize_padded(ids_, slots);
  std::uint32_t* cursor = starts_.data() + 1;
  // Images come in ascending order, so the next cell's cursor still is that cell's first slot: this
  // image's end.
  for_each_image(box_, [&](std::size_t image, std::size_t) { cursor[image] = cursor[image + 1]; });
  const bool threaded = pool.threads() > 1;
  for (std::size_t s = 0; s < sources.size(); ++s) {
    const IndexSource& source = sources[s];
    const std::uint32_t* cells = cell_of_item_.data() + bases_[s];
    const auto base = static_cast<std::uint32_t>(bases_[s]);
    std::uint32_t* items = item_of_slot_.data();
    EntityId* ids = ids_.data();
    pool.parallel_for(tasks_of(source.ids.size(), kItemsPerTask), [&](std::size_t task, int) {
      const std::size_t end = std::min(source.ids.size(), (task + 1) * kItemsPerTask);
      for (std::size_t row = task * kItemsPerTask; row < end; ++row) {
        if (cells[row] == kOutside) {
          continue;
        }
        const std::uint32_t slot = increment(cursor[cells[row]], threaded);
        items[slot] = base + static_cast<std::uint32_t>(row);
        ids[slot] = source.ids[row];
      }
    });
  }
}

void NeighborIndex::sort_cells(ThreadPool& pool) {
  const auto cells = static_cast<std::size_t>(box_.volume());
  constexpr auto kPerTask = static_cast<std::size_t>(kCellsPerTask);
  pool.parallel_for(tasks_of(cells, kPerTask), [&](std::size_t task, int) {
    const std::size_t end = std::min(cells, (task + 1) * kPerTask);
    const std::uint32_t* starts = starts_.data();
    EntityId* ids = ids_.data();
    std::uint32_t* items = item_of_slot_.data();
    for (std::size_t c = task * kPerTask; c < end; ++c) {
      const std::uint32_t begin = starts[c];
      if (starts[c + 1] - begin == 2) {
        // Two in a cell are frequent, and which of them comes first is anybody's guess: no branch.
        const bool turned = ids[begin] > ids[begin + 1];
        const EntityId first = turned ? ids[begin + 1] : ids[begin];
        const EntityId second = turned ? ids[begin] : ids[begin + 1];
        const std::uint32_t item = turned ? items[begin + 1] : items[begin];
        items[begin + 1] = turned ? items[begin] : items[begin + 1];
        items[begin] = item;
        ids[begin] = first;
        ids[begin + 1] = second;
      } else if (starts[c + 1] - begin > 2) {
        sort_cell(begin, starts[c + 1]);
      }
    }
  });
}

void NeighborIndex::sort_crowd(std::uint32_t begin, std::uint32_t end) {
  if (std::is_sorted(ids_.begin() + begin, ids_.begin() + end)) {
    return;
  }
  std::vector<std::pair<EntityId, std::uint32_t>> crowd;
  crowd.reserve(end - begin);
  for (std::uint32_t slot = begin; slot < end; ++slot) {
    crowd.emplace_back(ids_[slot], item_of_slot_[slot]);
  }
  std::sort(crowd.begin(), crowd.end());
  for (std::uint32_t slot = begin; slot < end; ++slot) {
    std::tie(ids_[slot], item_of_slot_[slot]) = crowd[slot - begin];
  }
}

void NeighborIndex::sort_cell(std::uint32_t begin, std::uint32_t end) {
  if (end - begin > kCrowd) {
    return sort_crowd(begin, end);
  }
  for (std::uint32_t i = begin + 1; i < end; ++i) {
    const EntityId id = ids_[i];
    const std::uint32_t item = item_of_slot_[i];
    std::uint32_t j = i;
    for (; j > begin && ids_[j - 1] > id; --j) {
      ids_[j] = ids_[j - 1];
      item_of_slot_[j] = item_of_slot_[j - 1];
    }
    ids_[j] = id;
    item_of_slot_[j] = item;
  }
}

void NeighborIndex::copy_images() {
  for_each_image(box_, [&](std::size_t image, std::size_t canonical) {
    const std::uint32_t from = starts_[canonical];
    const std::uint32_t count = starts_[canonical + 1] - from;
    std::copy_n(ids_.data() + from, count, ids_.data() + starts_[image]);
    std::copy_n(item_of_slot_.data() + from, count, item_of_slot_.data() + starts_[image]);
  });
}

void NeighborIndex::pack(ThreadPool& pool, std::span<const IndexSource> sources) {
  slot_of_item_.resize(bases_.back());
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain_.dims); ++a) {
    resize_padded(coordinates_[a], slot_count());
  }
  if (!domain_.integral()) {
    places_.resize(slot_count() * static_cast<std::size_t>(domain_.dims));
  }
  for (std::size_t c = 0; c < sizes_.size(); ++c) {
    columns_[c].resize(slot_count() * sizes_[c]);
  }
  const std::int64_t lines = box_.extent[1] * box_.extent[2];
  const std::int64_t per_task =
      std::max<std::int64_t>(1, kCellsPerTask / std::max<std::int64_t>(1, box_.extent[0]));
  const std::size_t tasks =
      tasks_of(static_cast<std::size_t>(lines), static_cast<std::size_t>(per_task));
  pool.parallel_for(tasks, [&](std::size_t task, int) {
    const std::int64_t begin = static_cast<std::int64_t>(task) * per_task;
    pack_lines(begin, std::min(lines, begin + per_task), sources);
  });
}

void NeighborIndex::pack_lines(std::int64_t begin, std::int64_t end,
                               std::span<const IndexSource> sources) {
  // A line has up to three parts: images from below, the world's own cells, images from above.
  const std::int64_t below = std::clamp<std::int64_t>(-box_.low[0], 0, box_.extent[0]);
  const std::int64_t above =
      std::clamp<std::int64_t>(box_.cells[0] - box_.low[0], below, box_.extent[0]);
  const std::array<std::int64_t, 4> cuts{0, below, above, box_.extent[0]};
  for (std::int64_t line = begin; line < end; ++line) {
    Place shift{};
    shift[1] = static_cast<double>(box_.shift(1, line % box_.extent[1])) * domain_.size[1];
    shift[2] = static_cast<double>(box_.dims > 2 ? box_.shift(2, line / box_.extent[1]) : 0) *
               domain_.size[2];
    for (std::size_t part = 0; part < 3; ++part) {
      shift[0] = (static_cast<double>(part) - 1.0) * domain_.size[0];
      const std::int64_t first = line * box_.extent[0];
      pack_slots(starts_[static_cast<std::size_t>(first + cuts[part])],
                 starts_[static_cast<std::size_t>(first + cuts[part + 1])], shift, sources);
    }
  }
}

std::size_t NeighborIndex::source_of(std::uint32_t item) const {
  return static_cast<std::size_t>(std::upper_bound(bases_.begin() + 1, bases_.end() - 1, item) -
                                  bases_.begin() - 1);
}

void NeighborIndex::pack_slots(std::uint32_t begin, std::uint32_t end, const Place& shift,
                               std::span<const IndexSource> sources) {
  const bool own = shift[0] == 0.0 && shift[1] == 0.0 && shift[2] == 0.0;
  // Runs of slots whose items come from one source; with one source the whole range is one run.
  for (std::uint32_t run = begin; run < end;) {
    const std::size_t s = source_of(item_of_slot_[run]);
    const auto base = static_cast<std::uint32_t>(bases_[s]);
    std::uint32_t stop = sources.size() == 1 ? end : run + 1;
    while (stop < end && item_of_slot_[stop] - base < sources[s].ids.size()) {
      ++stop;
    }
    read_places(domain_, sources[s].places, [&](auto place_of) {
      constexpr auto kAxesThere = static_cast<std::size_t>(place_of.kDims);
      std::array<double*, kAxesThere> to;
      for (std::size_t a = 0; a < kAxesThere; ++a) {
        to[a] = coordinates_[a].data();
      }
      const std::uint32_t* items = item_of_slot_.data();
      double* places = places_.data();
      for (std::uint32_t slot = run; slot < stop; ++slot) {
        const Place place = place_of(items[slot] - base);
        for (std::size_t a = 0; a < kAxesThere; ++a) {
          to[a][slot] = place[a] + shift[a];
          if constexpr (decltype(place_of)::kReal) {
            places[slot * kAxesThere + a] = to[a][slot];
          }
        }
      }
    });
    if (own) {
      const std::uint32_t* items = item_of_slot_.data();
      std::uint32_t* slots = slot_of_item_.data();
      for (std::uint32_t slot = run; slot < stop; ++slot) {
        slots[items[slot]] = slot;
      }
    }
    for (std::size_t c = 0; c < sizes_.size(); ++c) {
      const SourceColumn& column = sources[s].columns[c];
      gather_values(columns_[c].data() + run * sizes_[c],
                    column.data - static_cast<std::int64_t>(base) * column.stride, column.stride,
                    sizes_[c], {item_of_slot_.data() + run, stop - run});
    }
    run = stop;
  }
}

}  // namespace bw
