// flock.hpp: the world that the tests of the query room share: birds in two tables, some of them
// hungry, with fields of several types.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "ecs/store.hpp"
#include "query/program.hpp"
#include "query/scan.hpp"

namespace bw::query_tests {

enum : ComponentId { kBird = 0, kHungry = 1 };

inline constexpr FieldKey kSpeed{kBird, 0};
inline constexpr FieldKey kAge{kBird, 1};
inline constexpr FieldKey kSeen{kBird, 2};
inline constexpr FieldKey kLost{kBird, 3};
inline constexpr FieldKey kName{kBird, 4};

struct Bird {
  EntityId id = 0;
  double speed = 0.0;
  std::int32_t age = 0;
  std::uint16_t seen = 0;
  bool lost = false;
  bool hungry = false;
};

// The bird of an id: every value follows from it, with ties, negative ages and some NaN.
inline Bird bird_of(EntityId id) {
  Bird bird{id};
  bird.speed = id % 97 == 0 ? std::numeric_limits<double>::quiet_NaN()
                            : static_cast<double>(id * 7919 % 1000) / 8.0 - 50.0;
  bird.age = static_cast<std::int32_t>(id % 13) - 5;
  bird.seen = static_cast<std::uint16_t>(id * 31 % 65536);
  bird.lost = id % 3 == 0;
  bird.hungry = id % 4 == 0;
  return bird;
}

inline Schema flock_schema() {
  Schema schema;
  schema.add({"Bird",
              {{"speed", {Scalar::f64, 1}, {}},
               {"age", {Scalar::i32, 1}, {}},
               {"seen", {Scalar::u16, 1}, {}},
               {"lost", {Scalar::boolean, 1}, {}},
               {"name", {Scalar::bytes, 4}, {}}}});
  schema.add({"Hungry", {}});
  return schema;
}

class Flock {
 public:
  // The birds first, first + step and so on, below `end`.
  Flock(const Schema& schema, EntityId first, EntityId end, EntityId step = 1) : store_(schema) {
    const std::uint32_t calm = store_.table_for({kBird});
    const std::uint32_t hungry = store_.table_for({kBird, kHungry});
    for (EntityId id = first; id < end; id += step) {
      birds_.push_back(bird_of(id));
      add(birds_.back(), birds_.back().hungry ? hungry : calm);
    }
  }

  const std::vector<Bird>& birds() const { return birds_; }
  const Store& store() const { return store_; }
  QuerySource source(RankId rank = 0) const { return {rank, &store_, nullptr}; }

 private:
  void add(const Bird& bird, std::uint32_t in) {
    const std::uint32_t row = store_.bear(in, bird.id, 1);
    write(in, row, kSpeed, bird.speed);
    write(in, row, kAge, bird.age);
    write(in, row, kSeen, bird.seen);
    write(in, row, kLost, static_cast<std::uint8_t>(bird.lost ? 1 : 0));
    const std::string name = bird.lost ? "lost" : "bo";
    Table& table = store_.table(in);
    std::byte* to = table.column(table.find_column(kName).value()).at(row);
    std::memset(to, 0, 4);
    std::memcpy(to, name.data(), name.size());
  }

  template <class T>
  void write(std::uint32_t in, std::uint32_t row, FieldKey field, T value) {
    Table& table = store_.table(in);
    std::memcpy(table.column(table.find_column(field).value()).at(row), &value, sizeof(T));
  }

  Store store_;
  std::vector<Bird> birds_;
};

// Fills a program, step by step.
class ProgramMaker {
 public:
  explicit ProgramMaker(QueryProgram& program) : program_(program) {}

  QueryRegister load(FieldKey field, QueryType type) {
    const QueryRegister to = made(type);
    program_.loads.push_back({QueryLoad::What::field, field, 0, "", to});
    return to;
  }
  QueryRegister load(QueryLoad::What what, QueryType type) {
    const QueryRegister to = made(type);
    program_.loads.push_back({what, {}, 0, "", to});
    return to;
  }
  QueryRegister text(QueryLoad::What what, const std::string& text) {
    const QueryRegister to = made(QueryType::truth);
    program_.loads.push_back({what, kName, 0, text, to});
    return to;
  }
  template <class T>
  QueryRegister constant(T value, QueryType type) {
    const QueryRegister to = made(type);
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    program_.constants.push_back({to, bits});
    return to;
  }
  QueryRegister step(const char* name, QueryType type, QueryRegister a, QueryRegister b = 0,
                     QueryRegister c = 0) {
    const QueryRegister to = made(type);
    program_.steps.push_back({find_query_operation(name), to, a, b, c});
    return program_.result = to;
  }

 private:
  QueryRegister made(QueryType type) {
    program_.registers.push_back(type);
    return program_.result = static_cast<QueryRegister>(program_.registers.size() - 1);
  }

  QueryProgram& program_;
};

// A filter: age > than.
inline QueryProgram older_than(std::int64_t than) {
  QueryProgram program;
  ProgramMaker make(program);
  const QueryRegister age = make.load(kAge, QueryType::whole);
  make.step("less whole", QueryType::truth, make.constant(than, QueryType::whole), age);
  return program;
}

}  // namespace bw::query_tests
