// program.cpp: tests that programs compute each row of a block of any size, from columns of each
// type, and that texts are compared as they stand.
#include "query/program.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "base/errors.hpp"
#include "flock.hpp"

namespace {

using namespace bw::query_tests;
using bw::QueryLoad;
using bw::QueryMachine;
using bw::QueryProgram;
using bw::QueryRegister;
using bw::QueryRows;
using bw::QueryType;

const bw::Table& calm_birds(const Flock& flock) {
  return flock.store().table(0);
}

template <class T>
std::vector<T> values_of(const QueryMachine& machine, QueryRegister at, std::size_t count) {
  std::vector<T> values(count);
  std::memcpy(values.data(), machine.values(at), count * sizeof(T));
  return values;
}

// What a program over all fields gives for a bird.
std::int64_t expected_score(const Bird& bird) {
  return (bird.age * std::int64_t{3} + bird.seen) * (bird.lost ? -1 : 1);
}

QueryProgram score_program() {
  QueryProgram program;
  ProgramMaker make(program);
  const QueryRegister age = make.load(kAge, QueryType::whole);
  const QueryRegister seen = make.load(kSeen, QueryType::natural);
  const QueryRegister lost = make.load(kLost, QueryType::truth);
  const QueryRegister three = make.constant(std::int64_t{3}, QueryType::whole);
  const QueryRegister triple = make.step("multiply whole", QueryType::whole, age, three);
  const QueryRegister whole = make.step("natural to whole", QueryType::whole, seen);
  const QueryRegister sum = make.step("add whole", QueryType::whole, triple, whole);
  const QueryRegister minus = make.step("negate whole", QueryType::whole, sum);
  make.step("choose", QueryType::whole, lost, minus, sum);
  return program;
}

}  // namespace

TEST_CASE("query program: each row of blocks of any size, in a row and by number") {
  const bw::Schema schema = flock_schema();
  const Flock flock(schema, 1, 4000);
  const bw::Table& table = calm_birds(flock);
  const QueryProgram program = score_program();
  QueryMachine machine(program);
  for (const std::size_t count : {std::size_t{1}, std::size_t{1023}, bw::kQueryBlock}) {
    const std::size_t begin = table.size() - count;
    machine.run({&table, 0, begin, count, nullptr});
    const auto in_a_row = values_of<std::int64_t>(machine, machine.result(), count);
    std::vector<std::uint32_t> numbers;
    for (std::size_t i = 0; i < count; ++i) {
      CHECK(in_a_row[i] == expected_score(bird_of(table.ids()[begin + i])));
      numbers.push_back(static_cast<std::uint32_t>(table.size() - 1 - i));
    }
    machine.run({&table, 0, 0, count, numbers.data()});
    const auto by_number = values_of<std::int64_t>(machine, machine.result(), count);
    CHECK(std::equal(by_number.begin(), by_number.end(), in_a_row.rbegin()));
  }
}

TEST_CASE("query program: ids, ranks, and a column's own memory") {
  const bw::Schema schema = flock_schema();
  const Flock flock(schema, 1, 3000);
  const bw::Table& table = calm_birds(flock);
  QueryProgram program;
  ProgramMaker make(program);
  const QueryRegister id = make.load(QueryLoad::What::id, QueryType::natural);
  const QueryRegister rank = make.load(QueryLoad::What::rank, QueryType::whole);
  const QueryRegister speed = make.load(kSpeed, QueryType::real);
  QueryMachine machine(program);
  machine.run({&table, 3, 1500, 40, nullptr});
  for (std::size_t i = 0; i < 40; ++i) {
    const Bird bird = bird_of(table.ids()[1500 + i]);
    CHECK(values_of<std::uint64_t>(machine, id, 40)[i] == bird.id);
    CHECK(values_of<std::int64_t>(machine, rank, 40)[i] == 3);
    const double found = values_of<double>(machine, speed, 40)[i];
    CHECK((found == bird.speed || (std::isnan(found) && std::isnan(bird.speed))));
  }
}

TEST_CASE("query program: texts of a field, whole and by pattern") {
  const bw::Schema schema = flock_schema();
  const Flock flock(schema, 1, 200);
  const bw::Table& table = calm_birds(flock);
  QueryProgram program;
  ProgramMaker make(program);
  const QueryRegister is_bo = make.text(QueryLoad::What::text_is, "bo");
  const QueryRegister is_b = make.text(QueryLoad::What::text_is, "b");
  const QueryRegister like = make.text(QueryLoad::What::text_like, "l?s*");
  QueryMachine machine(program);
  machine.run({&table, 0, 0, table.size(), nullptr});
  for (std::size_t i = 0; i < table.size(); ++i) {
    const bool lost = bird_of(table.ids()[i]).lost;
    CHECK(static_cast<bool>(machine.values(is_bo)[i]) == !lost);
    CHECK(static_cast<bool>(machine.values(is_b)[i]) == false);
    CHECK(static_cast<bool>(machine.values(like)[i]) == lost);
  }
}

TEST_CASE("query program: a fault of a row is an error that says it") {
  const bw::Schema schema = flock_schema();
  const Flock flock(schema, 1, 200);
  QueryProgram program;
  ProgramMaker make(program);
  const QueryRegister age = make.load(kAge, QueryType::whole);
  make.step("floor_divide whole", QueryType::whole, age, age);
  QueryMachine machine(program);
  CHECK_THROWS_AS(machine.run({&calm_birds(flock), 0, 0, 100, nullptr}), bw::UserError);
}

TEST_CASE("query program: patterns") {
  CHECK(bw::is_like("", ""));
  CHECK(bw::is_like("", "**"));
  CHECK_FALSE(bw::is_like("", "?"));
  CHECK(bw::is_like("abcabd", "*ab?"));
  CHECK(bw::is_like("abcabd", "a*b*d"));
  CHECK_FALSE(bw::is_like("abcabd", "a*b*c"));
  CHECK(bw::is_like("\xC3\xA4rger", "?rger"));
  CHECK_FALSE(bw::is_like("\xC3\xA4rger", "??rger"));
  CHECK(bw::is_like("\xFF\x80", "*"));
}
