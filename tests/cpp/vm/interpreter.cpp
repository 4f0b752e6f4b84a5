// The interpreter at the edges of what a program can do; what each instruction does is compared
// with a reference in tests/organism/test_reference.py.
#include "vm/interpreter.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "base/philox.hpp"
#include "tierra.hpp"

namespace {

using namespace bw;

// An organism in a soup whose other cells are free.
struct Bench {
  explicit Bench(const std::string& names, std::uint32_t start = 0, std::uint32_t cells = 100)
      : soup(cells) {
    const std::vector<std::uint8_t> genome = tests::tierra().genome(names);
    for (std::uint32_t i = 0; i < genome.size(); ++i) soup.cells()[(start + i) % cells] = genome[i];
    organism.start = organism.cpu.ip = start;
    organism.size = static_cast<std::uint32_t>(genome.size());
    stretch.soup = &soup;
    stretch.search_limit = cells - 1;
  }

  Stop run(std::int64_t instructions, std::int32_t flaw = 0) {
    stretch.budget = instructions;
    stretch.flaw = flaw;
    return interpret(*tests::tierra().set, stretch, organism);
  }
  std::uint32_t reg(std::size_t which) const { return organism.cpu.registers[which]; }

  Soup soup;
  Stretch stretch;
  Organism organism;
};

TEST_CASE("programs go on over the end of the soup") {
  Bench bench("incA incA incA", 98);
  CHECK(bench.run(2) == Stop::kBudget);
  CHECK(bench.organism.cpu.ip == 0);
  bench.run(1);
  CHECK(bench.reg(0) == 3);
  CHECK(bench.organism.cpu.ip == 1);
}

TEST_CASE("an ifz skips over the end of the soup") {
  Bench bench("incC ifz incA incB", 98);
  bench.run(3);
  CHECK(bench.reg(0) == 0);
  CHECK(bench.reg(1) == 1);
  CHECK(bench.organism.cpu.ip == 2);
}

TEST_CASE("templates are read and found over the end of the soup") {
  Bench bench("adrf nop1 nop0 incC nop0 nop1 incB", 97);
  bench.soup.cells()[50] = 2;
  bench.run(1);
  CHECK(bench.reg(0) == 3);  // 97 + 6, modulo 100
  CHECK(bench.reg(2) == 2);
  CHECK(bench.organism.cpu.ip == 0);
}

TEST_CASE("an unknown byte is an error and nothing else") {
  Bench bench("incA incA incA");
  bench.soup.cells()[0] = 200;
  bench.soup.cells()[1] = 255;
  bench.run(3);
  CHECK(bench.reg(0) == 1);
  CHECK(bench.stretch.errors == 2);
  CHECK(bench.organism.cpu.ip == 3);
}

TEST_CASE("writes go to what is its own or free, and nowhere else") {
  Bench bench("movii movii movii");
  CHECK(bench.soup.allocate_at({0, 3}));
  CHECK(bench.soup.allocate_at({50, 10}));
  bench.soup.cells()[60] = 7;
  bench.organism.cpu.registers = {55, 60, 0, 0};
  bench.run(1);
  CHECK(bench.soup.cells()[55] == 0);
  CHECK(bench.stretch.errors == 1);
  CHECK(bench.organism.cpu.flags == kErrorFlag);
  bench.organism.cpu.registers[0] = 40;  // free
  bench.run(1);
  CHECK(bench.soup.cells()[40] == 7);
  CHECK(bench.organism.moved == 0);
  bench.organism.child_start = 50;
  bench.organism.child_size = 10;
  bench.organism.moved_begin = ~std::uint32_t{0};
  bench.organism.cpu.registers[0] = 55;
  bench.run(1);
  CHECK(bench.soup.cells()[55] == 7);
  CHECK(bench.organism.moved == 1);
  CHECK(bench.organism.moved_begin == 5);
  CHECK(bench.organism.moved_end == 6);
}

TEST_CASE("it stops where memory, birth or a mutation is due, with what is left of the budget") {
  Bench bench("incC mal divide movii incA");
  CHECK(bench.run(10) == Stop::kAllocate);
  CHECK(bench.stretch.budget == 8);
  CHECK(bench.stretch.request == 1);
  CHECK(bench.run(10) == Stop::kDivide);
  bench.organism.cpu.registers = {20, 0, 0, 0};
  bench.stretch.until_copy = 1;
  CHECK(bench.run(10) == Stop::kCopied);
  CHECK(bench.stretch.copied_to == 20);
  CHECK(bench.soup.cells()[20] == bench.soup.cells()[0]);
}

TEST_CASE("a flaw makes the result of one instruction wrong by one") {
  const auto flawed = [](const std::string& names, std::int32_t flaw) {
    Bench bench(names);
    bench.organism.cpu.registers = {10, 20, 30, 40};
    bench.organism.cpu.stack = {5, 5, 5, 5, 5, 5, 5, 5, 5, 5};
    bench.run(1, flaw);
    return bench;
  };
  CHECK(flawed("incA", 1).reg(0) == 12);
  CHECK(flawed("decC", -1).reg(2) == 28);
  CHECK(flawed("zero", 1).reg(2) == 1);
  CHECK(flawed("shl", 1).reg(2) == 120);
  CHECK(flawed("shl", -1).reg(2) == 30);
  CHECK(flawed("not0", -1).reg(2) == 30);
  CHECK(flawed("subCAB", 1).reg(2) == static_cast<std::uint32_t>(-9));
  CHECK(flawed("movDC", -1).reg(3) == 29);
  CHECK(flawed("popB", 1).reg(1) == 6);
  CHECK(flawed("pushB", -1).organism.cpu.stack[1] == 19);
  CHECK(flawed("ret", 1).organism.cpu.ip == 6);
  CHECK(flawed("mal", -1).stretch.request == 29);
  CHECK(flawed("movii", 1).soup.cells()[11] == 0);
}

// Random bytes as programs: all that they may not write to stays as it is.
TEST_CASE("random programs stay within what is theirs") {
  RandomStream random(3, 4, 0);
  for (int world = 0; world < 400; ++world) {
    const auto cells = static_cast<std::uint32_t>(64 + random.integers(300));
    Bench bench("nop0", 0, cells);
    const std::uint64_t kinds = random.integers(2) == 0 ? 32 : 256;
    for (std::uint32_t i = 0; i < cells; ++i) {
      bench.soup.cells()[i] = static_cast<std::uint8_t>(random.integers(kinds));
    }
    bench.organism.size = 20;
    bench.organism.child_start = 40;
    bench.organism.child_size = 20;
    bench.soup.rebuild({{0, 20}, {20, 20}, {40, 20}});  // its own, another's, its child's
    const std::vector<std::uint8_t> before(bench.soup.cells() + 20, bench.soup.cells() + 40);
    for (auto& value : bench.organism.cpu.registers) {
      value = static_cast<std::uint32_t>(random.word());
    }
    for (int i = 0; i < 200; ++i) {
      bench.run(100, static_cast<std::int32_t>(random.integers(3)) - 1);
      bench.organism.cpu.registers[0] = static_cast<std::uint32_t>(random.integers(cells));
      CHECK(bench.organism.cpu.ip < cells);
    }
    CHECK(std::equal(before.begin(), before.end(), bench.soup.cells() + 20));
    CHECK(bench.soup.cells()[cells] == kEdge);
    CHECK(bench.soup.cells()[-1] == kEdge);
  }
}

}  // namespace
