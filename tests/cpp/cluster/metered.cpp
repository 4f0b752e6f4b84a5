// metered.cpp: tests of what is counted of messages, and of what time is charged to.
#include "cluster/metered.hpp"

#include <doctest/doctest.h>

#include <numeric>
#include <thread>

namespace {

using bw::Bytes;
using bw::Mail;
using bw::Part;

double spent(const bw::Stopwatch& watch, Part part) {
  return watch.seconds()[static_cast<std::size_t>(part)];
}

void sleep() {
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

TEST_CASE("messages to other ranks are counted, and arrive as they would have") {
  bw::Stopwatch watch;
  bw::MeteredCommunicator communicator(std::make_shared<bw::LocalCommunicator>(3), watch);
  Mail mail = communicator.empty_mail();
  mail[0][2] = Bytes(7, std::byte{1});
  mail[1][1] = Bytes(100, std::byte{2});  // to itself
  mail[2][0] = Bytes(5, std::byte{3});
  mail = communicator.exchange("test", std::move(mail));
  CHECK(mail[2][0] == Bytes(7, std::byte{1}));
  CHECK(mail[1][1].size() == 100);
  CHECK(communicator.sum("test", {4}) == std::vector<std::uint64_t>{4});
  CHECK(communicator.traffic().meetings == 2);
  CHECK(communicator.traffic().messages == 2);
  CHECK(communicator.traffic().bytes == 12);
}

TEST_CASE("time is charged to the innermost part, and to none while nothing is measured") {
  bw::Stopwatch watch;
  {
    const bw::Lap lap(watch, Part::compute);
    sleep();
  }
  CHECK(std::accumulate(watch.seconds().begin(), watch.seconds().end(), 0.0) == 0.0);
  watch.measure(true);
  const auto began = std::chrono::steady_clock::now();
  {
    const bw::Lap outer(watch, Part::rest);
    {
      const bw::Lap inner(watch, Part::halo);
      sleep();
    }
    sleep();
  }
  const std::chrono::duration<double> all = std::chrono::steady_clock::now() - began;
  CHECK(spent(watch, Part::halo) >= 0.005);
  CHECK(spent(watch, Part::rest) >= 0.005);
  CHECK(spent(watch, Part::halo) + spent(watch, Part::rest) <= all.count());
  CHECK(spent(watch, Part::compute) == 0.0);
}

}  // namespace
