// The border of a rank: where other ranks have tiles within a radius. A raster over the rank's part
// of the world answers at once for most places, which are far from any border; only the others are
// looked at one by one.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/thread_pool.hpp"
#include "cluster/partition.hpp"
#include "space/domain.hpp"
#include "space/tiling.hpp"

namespace bw {

class Border {
 public:
  // Good as long as the partition is the same. `rows`: how many places will be asked for, about; it
  // sets how fine the raster is.
  Border(const Domain& domain, const Tiling& tiling, const Partition& partition, RankId self,
         double radius, std::size_t rows);

  // Whether it answers for this radius, and not too coarsely for so many rows.
  bool fits(double radius, std::size_t rows) const {
    return radius == radius_ && rows <= kGrowth * rows_ + kFewRows;
  }

  // Rows [0, rows) of a column, ascending, but for those that are certainly in this rank's tiles,
  // and further than the radius from all others.
  void list_near(ThreadPool& pool, const PlaceColumn& places, std::size_t rows,
                 std::vector<std::uint32_t>& near) const;

  // The other ranks that have a tile within the radius of a place, ascending; valid until the next
  // call.
  std::span<const RankId> ranks_around(const Place& place);

 private:
  static constexpr std::size_t kGrowth = 16;
  static constexpr std::size_t kFewRows = 4096;
  static constexpr std::uint32_t kNothing = 0;  // the empty list

  struct Piece {  // a tile of another rank, or an image of one
    RankId rank;
    Region region;
    bool operator==(const Piece&) const = default;
  };
  struct Along {  // the same on one axis
    std::int64_t tile;
    double low;
    double high;
  };

  void choose_raster(std::size_t cells);
  bool draw();
  std::vector<Along> tiles_along(std::size_t axis, std::int64_t at) const;
  void list_pieces(std::span<const Along> x, std::span<const Along> y, std::span<const Along> z,
                   std::vector<Piece>& pieces) const;
  std::span<const Piece> pieces_of(std::uint32_t list) const {
    return {pieces_.data() + starts_[list], starts_[list + 1] - starts_[list]};
  }
  std::size_t cell_of(const Place& place) const;
  template <class T, int Dims>
  void list_range(const PlaceColumn& places, std::size_t begin, std::size_t end,
                  std::vector<std::uint32_t>& near) const;

  const Domain* domain_;
  const Tiling* tiling_;
  const Partition* partition_;
  RankId self_;
  double radius_;
  double grown_;  // the radius, and what rounding may add to a distance
  std::size_t rows_;
  Region region_;  // what the raster covers
  std::array<std::int64_t, kAxes> cells_{1, 1, 1};
  std::array<double, kAxes> per_length_{};
  std::vector<std::uint32_t> list_of_cell_;  // the pieces near a cell of the raster
  std::vector<std::size_t> starts_;          // of lists
  std::vector<Piece> pieces_;                // in each list by rank
  // of ranks_around
  std::vector<TileId> tiles_;
  std::vector<RankId> ranks_;
};

// The other ranks that have a tile within `reach` of a tile of a rank, ascending; none without a
// space.
std::vector<RankId> ranks_near(const Domain& domain, const Tiling& tiling,
                               const Partition& partition, RankId self, double reach);

}  // namespace bw
