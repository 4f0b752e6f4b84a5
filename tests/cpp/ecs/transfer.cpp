// transfer.cpp: tests of groups that go between tables crosswise at one time.
#include "ecs/transfer.hpp"

#include <doctest/doctest.h>

#include <map>
#include <vector>

#include "herd.hpp"

namespace {

using namespace bw::ecs_tests;
using bw::EntityId;

TEST_CASE("two tables exchange rows: nobody is lost, and everyone is where the transfer says") {
  const bw::Schema schema = herd_schema();
  bw::Store store(schema);
  const std::uint32_t plain = store.table_for({kTag});
  const std::uint32_t named = store.table_for({kTag, kName});
  const std::vector<EntityId> here{1, 2, 3, 4, 5};
  const std::vector<EntityId> there{11, 12, 13};
  store.insert(plain, here);
  store.insert(named, there);
  bw::Transfer transfer;
  const auto send = [&](EntityId id, std::uint32_t to, std::uint32_t reason) {
    const bw::Location at = store.find(id).value();
    bw::Transfer::Group& group = transfer.group(at.table, reason, [&] { return to; });
    group.rows.push_back(at.row);
    group.items.push_back(static_cast<std::uint32_t>(id));
  };
  send(5, named, 0);
  send(12, plain, 0);
  send(1, named, 0);
  send(3, named, 1);
  send(11, plain, 0);
  send(4, plain, 2);  // stays
  std::map<EntityId, std::uint32_t> arrived;
  transfer.apply(store, [&](const bw::Transfer::Group& group) {
    for (std::size_t i = 0; i < group.rows.size(); ++i) {
      CHECK(store.table(group.to).ids()[group.rows[i]] == group.items[i]);
      arrived[group.items[i]] = group.to;
    }
  });
  const std::map<EntityId, std::uint32_t> wanted{{1, named}, {3, named},  {4, plain},
                                                 {5, named}, {11, plain}, {12, plain}};
  CHECK(arrived == wanted);
  CHECK(store.size() == 8);
  CHECK(store.table(plain).size() == 4);
  CHECK(store.table(named).size() == 4);
  for (const EntityId id : {1u, 2u, 3u, 4u, 5u, 11u, 12u, 13u}) {
    const bw::Location at = store.find(id).value();
    CHECK(store.table(at.table).ids()[at.row] == id);
  }
}

}  // namespace
