// Settling deposits: all amounts for a cell are summed in fixed point, without a limit, and the sum
// is added to the field and rounded once. So neither the order of deposits nor the number of ranks
// can show. Runs on the rank that owns the cells.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "lattice/cell_layer.hpp"
#include "settle/requests.hpp"

namespace bw {

// A cell whose whole-number field cannot hold what was deposited.
struct DepositOverflow {
  std::uint32_t field = 0;  // as in Deposit
  std::uint64_t cell = 0;
  double value = 0.0;  // that it would have
};

// It keeps nothing but memory between calls.
class DepositSettler {
 public:
  // Deposits come in any order; `fields` says what Deposit::field stands for. Fields that cannot
  // hold their sums stay as they are, and the first of them (by field, then cell) is told.
  std::optional<DepositOverflow> settle(std::span<const Deposit> deposits,
                                        std::span<const FieldKey> fields, CellLayer& cells);

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  // Amounts are below 2^63 units: no number of deposits that fits into memory overflows this.
  __extension__ using Units = __int128;

  struct Sum {
    std::uint32_t row = 0;
    Units units = 0;
  };
  void collect(std::span<const Deposit> deposits, std::uint32_t field, const CellLayer& cells);

  std::vector<Sum> sums_;
  std::vector<std::uint32_t> sum_of_;  // by row; kNone between calls
};

}  // namespace bw
