// Claims and deposits, settled cell by cell.
#include "settle/claims.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <tuple>

#include "base/whole.hpp"

namespace bw {
namespace {

struct AgentAt {
  std::uint64_t cell;
  EntityId id;
};

// The agents of a component that stand in claimed cells, by (cell, id).
std::vector<AgentAt> agents_in(std::span<const Claim> claims, ComponentId component, const Store& store,
                               const Domain& domain, const CellBox& lattice) {
  std::vector<std::uint8_t> wanted(static_cast<std::size_t>(lattice.volume()), 0);
  for (const Claim& claim : claims) {
    wanted[claim.cell] = 1;
  }
  std::vector<AgentAt> agents;
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
      if (cell >= 0 && wanted[static_cast<std::size_t>(cell)] != 0) {
        agents.push_back({static_cast<std::uint64_t>(cell), table.ids()[row]});
      }
    }
  }
  std::sort(agents.begin(), agents.end(), [](const AgentAt& a, const AgentAt& b) {
    return std::tuple(a.cell, a.id) < std::tuple(b.cell, b.id);
  });
  return agents;
}

void settle_agents(std::span<const Claim> claims, std::span<const AgentAt> agents, ClaimOutcome& outcome) {
  std::size_t next = 0;
  for (const Claim& claim : claims) {
    while (next < agents.size() && agents[next].cell < claim.cell) {
      ++next;
    }
    std::uint32_t granted = 0;
    for (; granted < claim.count && next < agents.size() && agents[next].cell == claim.cell; ++granted, ++next) {
      outcome.taken.push_back(agents[next].id);
    }
    if (granted > 0) {
      outcome.grants.push_back({claim.claimant, claim.kind, granted});
    }
  }
}

void settle_stock(std::span<const Claim> claims, FieldKey field, CellLayer& cells, ClaimOutcome& outcome) {
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

}  // namespace

ClaimOutcome settle_claims(std::vector<Claim> claims, std::span<const ClaimTarget> targets, const Store& store,
                           CellLayer* cells, const Domain& domain, const CellBox& lattice) {
  std::sort(claims.begin(), claims.end(), [](const Claim& a, const Claim& b) {
    return std::tuple(a.kind, a.cell, a.priority, a.claimant) < std::tuple(b.kind, b.cell, b.priority, b.claimant);
  });
  ClaimOutcome outcome;
  for (std::size_t begin = 0; begin < claims.size();) {
    const std::uint32_t kind = claims[begin].kind;
    const auto last = std::find_if(claims.begin() + static_cast<std::ptrdiff_t>(begin), claims.end(),
                                   [&](const Claim& c) { return c.kind != kind; });
    const auto end = static_cast<std::size_t>(last - claims.begin());
    const std::span<const Claim> of_kind{claims.data() + begin, end - begin};
    if (targets[kind].agents) {
      settle_agents(of_kind, agents_in(of_kind, *targets[kind].agents, store, domain, lattice), outcome);
    } else {
      settle_stock(of_kind, *targets[kind].stock, *cells, outcome);
    }
    begin = end;
  }
  return outcome;
}

void settle_deposits(std::span<const Deposit> deposits, std::span<const FieldKey> fields, CellLayer& cells) {
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
