// What behaviors ask for where two may want one thing: claims on stocks, agents and empty cells,
// and deposits into cells. Requests name global cells and entity ids only, so that they can be
// settled on any rank.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.hpp"
#include "ecs/entity_index.hpp"

namespace bw {

// A claim of up to `count` things of claim kind `kind` in a cell.
struct Claim {
  std::uint64_t cell = 0;
  EntityId claimant = kNoEntity;
  std::uint32_t kind = 0;
  std::uint32_t count = 0;
  Location at = kNowhere;  // of the claimant, on the rank and at the time that it asked
};

// What a claim was granted.
struct Grant {
  EntityId claimant = kNoEntity;
  std::uint32_t kind = 0;
  std::uint32_t count = 0;
  Location at = kNowhere;  // as in its claim
};

// An agent of an exclusive grid that wants to be in another cell than the one in which it stands.
struct Move {
  std::uint64_t cell = 0;
  EntityId mover = kNoEntity;
  Location at = kNowhere;
  std::uint32_t behavior = 0;  // its place in the order
};

// An amount for a field of a cell, in fixed point.
struct Deposit {
  std::uint64_t cell = 0;
  std::int64_t amount = 0;
  std::uint32_t field = 0;
  std::uint32_t reserved = 0;
};

// 2^-32: fine enough for concentrations.
inline constexpr double kDepositUnit = 1.0 / 4294967296.0;

// Amounts are below this in size; their sums have no limit.
inline constexpr double kMostDeposit = 2147483648.0;

// Requests of one worker.
struct RequestBuffer {
  std::vector<Claim> claims;
  std::vector<Deposit> deposits;
  std::vector<Move> moves;

  void clear() {
    claims.clear();
    deposits.clear();
    moves.clear();
  }
};

}  // namespace bw
