// Drawing the raster of a border, and running down columns of places with it.
#include "cluster/border.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace bw {
namespace {

constexpr std::size_t kRowsPerCell = 4;      // of the raster, about
constexpr std::size_t kMostCells = 1 << 18;  // they stay in a core's cache
constexpr std::size_t kMostPieces = 1 << 17;
constexpr std::size_t kRowsPerTask = 1 << 14;

}  // namespace

Border::Border(const Domain& domain, const Tiling& tiling, const Partition& partition, RankId self,
               double radius, std::size_t rows)
    : domain_(&domain),
      tiling_(&tiling),
      partition_(&partition),
      self_(self),
      radius_(radius),
      grown_(radius),
      rows_(rows),
      region_(bounding_region(tiling, partition.tiles_of(self))) {
  if (!domain.integral()) {
    // Distances are rounded, and so are edges: who is just within reach by a rounded distance is
    // near as well.
    const double longest = *std::max_element(domain.size.begin(), domain.size.end());
    grown_ = radius * (1.0 + 1e-9) + longest * 1e-12;
  }
  std::size_t cells = std::clamp<std::size_t>(rows / kRowsPerCell, 1, kMostCells);
  choose_raster(cells);
  while (!draw()) {
    choose_raster(cells /= 4);
  }
}

void Border::choose_raster(std::size_t cells) {
  const double side = std::pow(static_cast<double>(std::max<std::size_t>(cells, 1)),
                               1.0 / static_cast<double>(domain_->dims));
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain_->dims); ++a) {
    const double length = region_.high[a] - region_.low[a];
    cells_[a] = std::max<std::int64_t>(1, static_cast<std::int64_t>(side));
    if (domain_->integral()) {
      cells_[a] = std::clamp<std::int64_t>(static_cast<std::int64_t>(length), 1, cells_[a]);
    }
    per_length_[a] = length > 0.0 ? static_cast<double>(cells_[a]) / length : 0.0;
  }
}

// The tiles along an axis, images included, that come within the radius of a cell of the raster.
std::vector<Border::Along> Border::tiles_along(std::size_t axis, std::int64_t at) const {
  if (axis >= static_cast<std::size_t>(domain_->dims)) {
    return {{0, 0.0, 0.0}};
  }
  std::vector<Along> found;
  const double length = domain_->size[axis];
  const double width = (region_.high[axis] - region_.low[axis]) / static_cast<double>(cells_[axis]);
  const double slack = grown_ + length * 1e-12;
  const double low = region_.low[axis] + static_cast<double>(at) * width - slack;
  const double high = region_.low[axis] + static_cast<double>(at + 1) * width + slack;
  for (std::int64_t tile = 0; tile < tiling_->along(axis); ++tile) {
    const auto [from, to] = tiling_->edges(axis, tile);
    for (const double shift : {0.0, -length, length}) {
      if ((shift == 0.0 || domain_->periodic) && low <= to + shift && high >= from + shift) {
        found.push_back({tile, from + shift, to + shift});
      }
    }
  }
  return found;
}

void Border::list_pieces(std::span<const Along> x, std::span<const Along> y,
                         std::span<const Along> z, std::vector<Piece>& pieces) const {
  pieces.clear();
  for (const Along& c : z) {
    for (const Along& b : y) {
      for (const Along& a : x) {
        const RankId owner = partition_->owner(tiling_->tile_of({a.tile, b.tile, c.tile}));
        if (owner != self_) {
          pieces.push_back({owner, {{a.low, b.low, c.low}, {a.high, b.high, c.high}}});
        }
      }
    }
  }
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const Piece& a, const Piece& b) { return a.rank < b.rank; });
}

// Fills the raster; false where it would take too much memory.
bool Border::draw() {
  std::array<std::vector<std::vector<Along>>, kAxes> along;
  for (std::size_t a = 0; a < kAxes; ++a) {
    for (std::int64_t at = 0; at < cells_[a]; ++at) {
      along[a].push_back(tiles_along(a, at));
    }
  }
  const std::int64_t cells = cells_[0] * cells_[1] * cells_[2];
  list_of_cell_.assign(static_cast<std::size_t>(cells), kNothing);
  starts_.assign(2, 0);
  pieces_.clear();
  std::vector<Piece> pieces;
  std::size_t cell = 0;
  for (const std::vector<Along>& z : along[2]) {
    for (const std::vector<Along>& y : along[1]) {
      for (const std::vector<Along>& x : along[0]) {
        list_pieces(x, y, z, pieces);
        const std::size_t line = static_cast<std::size_t>(cells_[0]);
        // Most cells have the list of the cell before them, or of that in the line before.
        const std::uint32_t before = cell > 0 ? list_of_cell_[cell - 1] : kNothing;
        const std::uint32_t above = cell >= line ? list_of_cell_[cell - line] : kNothing;
        if (std::ranges::equal(pieces, pieces_of(before))) {
          list_of_cell_[cell++] = before;
        } else if (std::ranges::equal(pieces, pieces_of(above))) {
          list_of_cell_[cell++] = above;
        } else if (!pieces.empty()) {
          list_of_cell_[cell++] = static_cast<std::uint32_t>(starts_.size() - 1);
          pieces_.insert(pieces_.end(), pieces.begin(), pieces.end());
          starts_.push_back(pieces_.size());
        } else {
          list_of_cell_[cell++] = kNothing;
        }
        if (pieces_.size() > kMostPieces && cells > 1) {
          return false;
        }
      }
    }
  }
  return true;
}

template <class T, int Dims>
void Border::list_range(const PlaceColumn& places, std::size_t begin, std::size_t end,
                        std::vector<std::uint32_t>& near) const {
  constexpr auto kDims = static_cast<std::size_t>(Dims);
  const Region region = region_;
  const std::array<std::int64_t, kAxes> cells = cells_;
  const std::array<double, kAxes> per_length = per_length_;
  const std::uint32_t* lists = list_of_cell_.data();
  for (std::size_t row = begin; row < end; ++row) {
    std::array<T, kDims> place;
    std::memcpy(place.data(), places.data + static_cast<std::int64_t>(row) * places.stride,
                sizeof(place));
    std::int64_t cell = 0;
    bool inside = true;
    for (std::size_t a = kDims; a-- > 0;) {
      const double from_edge = static_cast<double>(place[a]) - region.low[a];
      const auto at = static_cast<std::int64_t>(from_edge * per_length[a]);
      inside = inside && from_edge >= 0.0 && at < cells[a];
      cell = cell * cells[a] + at;
    }
    if (!inside || lists[cell] != kNothing) {
      near.push_back(static_cast<std::uint32_t>(row));
    }
  }
}

void Border::list_near(ThreadPool& pool, const PlaceColumn& places, std::size_t rows,
                       std::vector<std::uint32_t>& near) const {
  const std::size_t tasks = (rows + kRowsPerTask - 1) / kRowsPerTask;
  std::vector<std::vector<std::uint32_t>> found(tasks);
  pool.parallel_for(tasks, [&](std::size_t task, int) {
    const std::size_t begin = task * kRowsPerTask;
    const std::size_t end = std::min(rows, begin + kRowsPerTask);
    if (domain_->integral()) {
      domain_->dims == 2 ? list_range<std::int32_t, 2>(places, begin, end, found[task])
                         : list_range<std::int32_t, 3>(places, begin, end, found[task]);
    } else {
      domain_->dims == 2 ? list_range<double, 2>(places, begin, end, found[task])
                         : list_range<double, 3>(places, begin, end, found[task]);
    }
  });
  near.clear();
  for (const std::vector<std::uint32_t>& some : found) {
    near.insert(near.end(), some.begin(), some.end());
  }
}

std::vector<RankId> ranks_near(const Domain& domain, const Tiling& tiling,
                               const Partition& partition, RankId self, double reach) {
  std::vector<RankId> ranks;
  std::vector<TileId> tiles;
  for (const TileId tile : domain.exists() ? partition.tiles_of(self) : std::vector<TileId>{}) {
    Region block = tiling.region(tile);
    for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
      block.low[a] -= reach;
      block.high[a] += reach;
    }
    tiling.tiles_touching(block, tiles);
    for (const TileId other : tiles) {
      if (partition.owner(other) != self) {
        ranks.push_back(partition.owner(other));
      }
    }
    std::sort(ranks.begin(), ranks.end());
    ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
  }
  return ranks;
}

std::span<const RankId> Border::ranks_around(const Place& place) {
  ranks_.clear();
  Region block{place, place};
  std::int64_t cell = 0;
  bool inside = true;
  for (std::size_t a = static_cast<std::size_t>(domain_->dims); a-- > 0;) {
    block.low[a] -= grown_;
    block.high[a] += grown_;
    const double from_edge = place[a] - region_.low[a];
    const auto at = static_cast<std::int64_t>(from_edge * per_length_[a]);
    inside = inside && from_edge >= 0.0 && at < cells_[a];
    cell = cell * cells_[a] + at;
  }
  if (!inside) {  // a place in another rank's part of the world
    tiling_->tiles_touching(block, tiles_);
    for (const TileId tile : tiles_) {
      if (partition_->owner(tile) != self_) {
        ranks_.push_back(partition_->owner(tile));
      }
    }
    std::sort(ranks_.begin(), ranks_.end());
    ranks_.erase(std::unique(ranks_.begin(), ranks_.end()), ranks_.end());
    return ranks_;
  }
  for (const Piece& piece : pieces_of(list_of_cell_[static_cast<std::size_t>(cell)])) {
    bool touches = ranks_.empty() || ranks_.back() != piece.rank;
    for (std::size_t a = 0; a < static_cast<std::size_t>(domain_->dims); ++a) {
      touches =
          touches && block.low[a] <= piece.region.high[a] && block.high[a] >= piece.region.low[a];
    }
    if (touches) {
      ranks_.push_back(piece.rank);
    }
  }
  return ranks_;
}

}  // namespace bw
