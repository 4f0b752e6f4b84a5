// communicator.cpp: tests of the exchange in one process, and of values in messages.
#include "cluster/communicator.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "base/errors.hpp"

namespace {

using bw::Bytes;
using bw::LocalCommunicator;
using bw::Mail;
using bw::Reader;
using bw::Writer;

TEST_CASE("what a rank sends to another arrives there, from it, and nothing else does") {
  LocalCommunicator communicator(4);
  REQUIRE(communicator.ranks() == 4);
  Mail mail = communicator.empty_mail();
  for (std::size_t from = 0; from < 4; ++from) {
    for (std::size_t to = 0; to < 4; ++to) {
      mail[from][to] = Bytes(from * 4 + to, static_cast<std::byte>(10 * from + to));
    }
  }
  mail = communicator.exchange("test", std::move(mail));
  for (std::size_t to = 0; to < 4; ++to) {
    for (std::size_t from = 0; from < 4; ++from) {
      CHECK(mail[to][from] == Bytes(from * 4 + to, static_cast<std::byte>(10 * from + to)));
    }
  }
}

TEST_CASE("items travel by rank, empty lists included") {
  LocalCommunicator communicator(3);
  std::vector<std::vector<std::vector<std::uint64_t>>> items(
      3, std::vector<std::vector<std::uint64_t>>(3));
  items[0][2] = {7, 8};
  items[1][1] = {9};
  const auto received = bw::exchange_items(communicator, "test", items);
  CHECK(received[2][0] == std::vector<std::uint64_t>{7, 8});
  CHECK(received[1][1] == std::vector<std::uint64_t>{9});
  CHECK(received[0][2].empty());
}

TEST_CASE(
    "values are read back as they were written, and a message that is too short is an error") {
  Bytes bytes;
  Writer writer(bytes);
  writer.value(std::uint16_t{7});
  writer.values(std::span<const double>(std::vector<double>{1.5, -2.0}));
  writer.values(std::span<const double>());
  Reader reader(bytes);
  CHECK_FALSE(reader.done());
  CHECK(reader.value<std::uint16_t>() == 7);
  CHECK(reader.values<double>() == std::vector<double>{1.5, -2.0});
  CHECK(reader.values<double>().empty());
  CHECK(reader.done());
  CHECK_THROWS_AS(reader.value<char>(), bw::InternalError);
}

TEST_CASE("a simulation without ranks is refused") {
  CHECK_THROWS_AS(LocalCommunicator(0), bw::UserError);
}

}  // namespace
