// thread_pool.cpp: tests of the pool: every index once, exceptions by index, nested and competing
// calls.
#include "base/thread_pool.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/errors.hpp"

namespace {

TEST_CASE("every index runs once, on workers of the team") {
  for (int threads : {1, 2, 3, 8}) {
    bw::ThreadPool pool(threads);
    CHECK(pool.threads() == threads);
    for (std::size_t count : {0u, 1u, 2u, 7u, 1000u}) {
      std::vector<int> runs(count);
      std::atomic<bool> strange_worker = false;
      pool.parallel_for(count, [&](std::size_t index, int worker) {
        ++runs[index];
        if (worker < 0 || worker >= threads) strange_worker = true;
      });
      CHECK(runs == std::vector<int>(count, 1));
      CHECK_FALSE(strange_worker);
    }
  }
}

TEST_CASE("many short jobs one after the other see each other's writes") {
  bw::ThreadPool pool(4);
  std::vector<long> values(16);
  for (int round = 0; round < 3000; ++round) {
    pool.parallel_for(values.size(), [&](std::size_t index, int) {
      if (index % 2 == 0) ++values[index];
    });
    pool.parallel_for(values.size(), [&](std::size_t index, int) {
      if (index % 2 == 1) values[index] = values[index - 1];
    });
  }
  CHECK(values == std::vector<long>(16, 3000));
}

TEST_CASE("two workers never share a worker number") {
  bw::ThreadPool pool(4);
  std::vector<std::atomic<int>> inside(4);
  std::atomic<bool> shared = false;
  pool.parallel_for(400, [&](std::size_t, int worker) {
    auto& mine = inside[static_cast<std::size_t>(worker)];
    if (mine.fetch_add(1) != 0) shared = true;
    mine.fetch_sub(1);
  });
  CHECK_FALSE(shared);
}

TEST_CASE("the team does share the work") {
  bw::ThreadPool pool(2);
  std::atomic<int> arrived = 0;
  // Each of the two indices waits for the other: one thread alone would never end.
  pool.parallel_for(2, [&](std::size_t, int) {
    arrived.fetch_add(1);
    while (arrived.load() < 2) std::this_thread::yield();
  });
  CHECK(arrived == 2);
}

TEST_CASE("a pool that has slept wakes up, and one that never worked ends") {
  bw::ThreadPool pool(3);
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::atomic<int> arrived = 0;
    pool.parallel_for(3, [&](std::size_t, int) {
      arrived.fetch_add(1);
      while (arrived.load() < 3) std::this_thread::yield();
    });
    CHECK(arrived == 3);
  }
  const bw::ThreadPool idle(5);
}

TEST_CASE("the caller waits for slow workers") {
  bw::ThreadPool pool(3);
  std::vector<int> done(3);
  pool.parallel_for(3, [&](std::size_t index, int) {
    std::this_thread::sleep_for(std::chrono::milliseconds(index == 0 ? 0 : 20));
    done[index] = 1;
  });
  CHECK(done == std::vector<int>{1, 1, 1});
}

TEST_CASE("of several exceptions the one of the lowest index arrives, and the pool works on") {
  for (int threads : {1, 2, 4}) {
    bw::ThreadPool pool(threads);
    for (int round = 0; round < 200; ++round) {
      std::string caught;
      try {
        pool.parallel_for(100, [](std::size_t index, int) {
          if (index % 10 == 7) throw std::runtime_error(std::to_string(index));
        });
      } catch (const std::runtime_error& error) {
        caught = error.what();
      }
      REQUIRE(caught == "7");
    }
    std::atomic<int> runs = 0;
    pool.parallel_for(50, [&](std::size_t, int) { ++runs; });
    CHECK(runs == 50);
  }
}

TEST_CASE("nested calls run inline on the worker that makes them") {
  bw::ThreadPool pool(3);
  std::atomic<int> runs = 0;
  std::atomic<bool> moved = false;
  pool.parallel_for(20, [&](std::size_t, int worker) {
    const auto thread = std::this_thread::get_id();
    pool.parallel_for(10, [&](std::size_t, int inner) {
      ++runs;
      if (inner != worker || std::this_thread::get_id() != thread) moved = true;
    });
  });
  CHECK(runs == 200);
  CHECK_FALSE(moved);
}

TEST_CASE("a pool inside another pool's job, and back, comes to an end") {
  bw::ThreadPool outer(2), inner(2);
  std::atomic<int> runs = 0;
  outer.parallel_for(4, [&](std::size_t, int) {
    inner.parallel_for(
        4, [&](std::size_t, int) { outer.parallel_for(4, [&](std::size_t, int) { ++runs; }); });
  });
  CHECK(runs == 64);
}

TEST_CASE("threads that use one pool at a time both get their work done") {
  bw::ThreadPool pool(2);
  std::atomic<int> runs = 0;
  const auto use = [&] {
    for (int round = 0; round < 100; ++round)
      pool.parallel_for(10, [&](std::size_t, int) { ++runs; });
  };
  std::thread first(use), second(use);
  first.join();
  second.join();
  CHECK(runs == 2000);
}

TEST_CASE("a pool of no threads is refused with a sentence") {
  CHECK_THROWS_WITH_AS(bw::ThreadPool(0), "the number of threads must be from 1 to 65535, found 0",
                       bw::UserError);
}

}  // namespace
