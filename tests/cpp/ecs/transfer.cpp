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
  bw::Transfer transfer(store);
  const auto send = [&](EntityId id, std::uint32_t to, std::uint32_t reason) {
    const bw::Location at = store.find(id).value();
    bw::Transfer::Group& group = transfer.group(at.table, reason, [&] { return to; });
    return transfer.add(group, {&at.row, 1}, static_cast<std::uint32_t>(id));
  };
  send(5, named, 0);
  send(12, plain, 0);
  send(1, named, 0);
  send(3, named, 1);
  send(11, plain, 0);
  send(4, plain, 2);  // stays
  CHECK(send(3, named, 1) == 0);
  CHECK(send(4, plain, 2) == 0);
  std::map<EntityId, std::uint32_t> arrived;
  for (bw::Transfer::Group& group : transfer.groups()) {
    transfer.move(group, {}, [&](const bw::Transfer::Group& moved) {
      for (std::size_t i = 0; i < moved.rows.size(); ++i) {
        CHECK(store.table(moved.to).ids()[moved.rows[i]] == moved.items[i]);
        arrived[moved.items[i]] = moved.to;
      }
    });
  }
  transfer.finish();
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

TEST_CASE("what was moved can be taken back") {
  const bw::Schema schema = herd_schema();
  bw::Store store(schema);
  const std::uint32_t plain = store.table_for({kTag});
  const std::vector<EntityId> ids{1, 2, 3, 700, 5};
  store.insert(plain, ids);
  bw::Transfer transfer(store);
  bw::Transfer::Group& group =
      transfer.group(plain, 0, [&] { return store.table_for({kTag, kName}); });
  const std::vector<std::uint32_t> rows{0, 1, 3};
  CHECK(transfer.add(group, rows, 0) == 3);
  const std::uint32_t to = group.to;
  transfer.move(group, {}, [](const bw::Transfer::Group&) {});
  CHECK(store.find(700)->table == to);
  CHECK(transfer.first_arrived(to, std::vector<std::uint32_t>{0}) == 0);
  CHECK(transfer.first_arrived(plain, rows) == 3);
  const std::vector<std::uint32_t> more{2, 3};
  CHECK(transfer.add(group, more, 3) == 1);
  transfer.take_back();
  CHECK(store.size() == 5);
  CHECK(store.table(to).size() == 0);
  for (std::uint32_t i = 0; i < ids.size(); ++i) {
    CHECK(store.find(ids[i]) == bw::Location{plain, i});
  }
}

}  // namespace
