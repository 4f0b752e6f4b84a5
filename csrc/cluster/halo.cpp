// Halo plans: each rank asks the owners for its halo's cells once; afterwards only values travel.
#include "cluster/halo.hpp"

#include "base/strided.hpp"

namespace bw {

HaloPlan::HaloPlan(Communicator& communicator, std::span<CellLayer* const> layers,
                   const Tiling& tiling, const Partition& partition) {
  std::vector<std::vector<std::vector<std::uint64_t>>> wanted(layers.size());
  receive_.resize(layers.size());
  send_.resize(layers.size());
  for (std::size_t h = 0; h < layers.size(); ++h) {
    wanted[h].resize(communicator.ranks());
    receive_[h].resize(communicator.ranks());
    const CellLayer& layer = *layers[h];
    for (std::uint32_t row = 0; row < layer.table().size(); ++row) {
      const std::uint64_t cell = layer.cell_id(row);
      if (layer.is_owned(row) || cell == CellLayer::kNoCell) {
        continue;
      }
      const RankId owner = partition.owner(tiling.tile_at(layer.place_of_cell(cell)));
      wanted[h][owner].push_back(cell);
      receive_[h][owner].push_back(row);
    }
  }
  const auto asked = exchange_items(communicator, "halo plan", wanted);
  for (std::size_t h = 0; h < layers.size(); ++h) {
    for (const std::vector<std::uint64_t>& cells : asked[h]) {
      Rows& rows = send_[h].emplace_back();
      for (const std::uint64_t cell : cells) {
        rows.push_back(static_cast<std::uint32_t>(layers[h]->row_of_cell(cell)));
      }
    }
  }
}

void HaloPlan::refresh(Communicator& communicator, std::span<CellLayer* const> layers,
                       std::span<const std::size_t> columns) const {
  Mail mail = communicator.empty_mail();
  for (std::size_t h = 0; h < layers.size(); ++h) {
    for (std::size_t r = 0; r < send_[h].size(); ++r) {
      for (const std::size_t c : columns) {
        const Column& column = layers[h]->table().column(c);
        Bytes& message = mail[h][r];
        const std::size_t before = message.size();
        message.resize(before + send_[h][r].size() * column.value_size());
        gather_values(message.data() + before, column.data(), column.stride(), column.value_size(),
                      send_[h][r]);
      }
    }
  }
  mail = communicator.exchange("halo", std::move(mail));
  for (std::size_t h = 0; h < layers.size(); ++h) {
    for (std::size_t r = 0; r < receive_[h].size(); ++r) {
      Reader reader(mail[h][r]);
      for (const std::size_t c : columns) {
        Column& column = layers[h]->table().column(c);
        for (const std::uint32_t row : receive_[h][r]) {
          std::memcpy(column.at(row), reader.take(column.value_size()).data(), column.value_size());
        }
      }
    }
  }
}

}  // namespace bw
