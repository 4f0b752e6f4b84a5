// Claims and deposits, settled cell by cell.
#include "settle/claims.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <tuple>

#include "base/whole.hpp"
#include "ecs/row_set.hpp"

namespace bw {
namespace {

// `agents` by (cell, id), none of them taken yet.
void settle_agents(std::span<const Claim> claims, std::span<const AgentAt> agents,
                   ClaimOutcome& outcome) {
  std::size_t next = 0;
  const AgentAt* passed =
      nullptr;  // an agent that was left to others because it is the claimant itself
  for (const Claim& claim : claims) {
    while (next < agents.size() && agents[next].cell < claim.cell) {
      ++next;
    }
    std::uint32_t granted = 0;
    const auto take = [&](const AgentAt& agent) {
      outcome.taken.push_back(agent.id);
      ++granted;
    };
    if (passed != nullptr && passed->cell == claim.cell && passed->id != claim.claimant) {
      take(*passed);
      passed = nullptr;
    }
    for (; granted < claim.count && next < agents.size() && agents[next].cell == claim.cell;
         ++next) {
      if (agents[next].id == claim.claimant) {
        passed = &agents[next];
      } else {
        take(agents[next]);
      }
    }
    if (granted > 0) {
      outcome.grants.push_back({claim.claimant, claim.kind, granted});
    }
  }
}

void settle_stock(std::span<const Claim> claims, FieldKey field, CellLayer& cells,
                  ClaimOutcome& outcome) {
  Column& stock = cells.table().column(cells.table().find_column(field).value());
  for (const Claim& claim : claims) {
    std::byte* at = stock.at(static_cast<std::size_t>(cells.row_of_cell(claim.cell)));
    const std::int64_t there = read_whole(stock.type().scalar, at);
    const std::int64_t granted = std::clamp<std::int64_t>(there, 0, claim.count);
    if (granted > 0) {
      add_whole(stock.type().scalar, at, -granted);
      outcome.grants.push_back({claim.claimant, claim.kind, static_cast<std::uint32_t>(granted)});
    }
  }
}

template <class Float>
void add_real(std::byte* at, double amount) {
  Float value;
  std::memcpy(&value, at, sizeof(value));
  value = static_cast<Float>(static_cast<double>(value) + amount);
  std::memcpy(at, &value, sizeof(value));
}

// Calls visit(kind, claims) for each kind of sorted claims.
template <class Visit>
void for_each_kind(std::span<const Claim> claims, Visit&& visit) {
  for (std::size_t begin = 0, end = 0; begin < claims.size(); begin = end) {
    const std::uint32_t kind = claims[begin].kind;
    while (end < claims.size() && claims[end].kind == kind) {
      ++end;
    }
    visit(kind, claims.subspan(begin, end - begin));
  }
}

}  // namespace

void sort_claims(std::vector<Claim>& claims) {
  std::sort(claims.begin(), claims.end(), [](const Claim& a, const Claim& b) {
    return std::tuple(a.kind, a.cell, a.priority, a.claimant) <
           std::tuple(b.kind, b.cell, b.priority, b.claimant);
  });
}

std::vector<CellsOfKind> cells_with_agents_claimed(std::span<const Claim> claims,
                                                   std::span<const ClaimTarget> targets) {
  std::vector<CellsOfKind> asked;
  for_each_kind(claims, [&](std::uint32_t kind, std::span<const Claim> of_kind) {
    if (targets[kind].agents) {
      CellsOfKind& one = asked.emplace_back(CellsOfKind{kind, {}});
      for (const Claim& claim : of_kind) {
        if (one.cells.empty() || one.cells.back() != claim.cell) {
          one.cells.push_back(claim.cell);
        }
      }
    }
  });
  return asked;
}

void find_agents(const CellsOfKind& asked, ComponentId component, const Store& store,
                 const Domain& domain, const CellBox& lattice, std::vector<AgentAt>& found) {
  RowSet wanted(static_cast<std::size_t>(lattice.volume()));
  for (const std::uint64_t cell : asked.cells) {
    wanted.add(static_cast<std::uint32_t>(cell));
  }
  for (std::uint32_t t = 0; t < store.table_count(); ++t) {
    const Table& table = store.table(t);
    const auto position = store.position_column(t);
    if (!table.has(component) || !position) {
      continue;
    }
    const Column& column = table.column(*position);
    const PlaceColumn places{column.data(), column.stride()};
    for (std::size_t row = 0; row < table.size(); ++row) {
      const std::int64_t cell = cell_at(lattice, domain, places.at(domain, row));
      if (cell >= 0 && wanted.has(static_cast<std::uint32_t>(cell))) {
        found.push_back({asked.kind, static_cast<std::uint64_t>(cell), table.ids()[row]});
      }
    }
  }
}

ClaimOutcome settle_claims(std::span<const Claim> claims, std::span<const ClaimTarget> targets,
                           std::vector<AgentAt> agents, CellLayer* cells) {
  std::sort(agents.begin(), agents.end());
  ClaimOutcome outcome;
  std::size_t begin = 0;
  for_each_kind(claims, [&](std::uint32_t kind, std::span<const Claim> of_kind) {
    if (!targets[kind].agents) {
      return settle_stock(of_kind, *targets[kind].stock, *cells, outcome);
    }
    // What an earlier kind was granted is no longer there.
    std::vector<EntityId> gone = outcome.taken;
    std::sort(gone.begin(), gone.end());
    std::vector<AgentAt> there;
    for (; begin < agents.size() && agents[begin].kind <= kind; ++begin) {
      if (agents[begin].kind == kind &&
          !std::binary_search(gone.begin(), gone.end(), agents[begin].id)) {
        there.push_back(agents[begin]);
      }
    }
    settle_agents(of_kind, there, outcome);
  });
  return outcome;
}

void settle_deposits(std::span<const Deposit> deposits, std::span<const FieldKey> fields,
                     CellLayer& cells) {
  // Whole numbers are summed per (field, cell) first, so that each field value is rounded once.
  std::vector<Deposit> sums(deposits.begin(), deposits.end());
  std::sort(sums.begin(), sums.end(), [](const Deposit& a, const Deposit& b) {
    return std::tuple(a.field, a.cell) < std::tuple(b.field, b.cell);
  });
  for (std::size_t i = 0; i < sums.size();) {
    std::int64_t amount = 0;
    std::size_t j = i;
    for (; j < sums.size() && sums[j].field == sums[i].field && sums[j].cell == sums[i].cell; ++j) {
      amount += sums[j].amount;
    }
    Column& column = cells.table().column(cells.table().find_column(fields[sums[i].field]).value());
    std::byte* at = column.at(static_cast<std::size_t>(cells.row_of_cell(sums[i].cell)));
    const Scalar scalar = column.type().scalar;
    if (scalar == Scalar::f64) {
      add_real<double>(at, static_cast<double>(amount) * kDepositUnit);
    } else if (scalar == Scalar::f32) {
      add_real<float>(at, static_cast<double>(amount) * kDepositUnit);
    } else {
      add_whole(scalar, at, std::llround(static_cast<double>(amount) * kDepositUnit));
    }
    i = j;
  }
}

}  // namespace bw
