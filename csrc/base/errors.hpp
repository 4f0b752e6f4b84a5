// errors.hpp: the exceptions that the core throws on purpose; the bindings turn each into its
// Python class.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace bw {

// Base of all of them.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The user's input is wrong: an argument, option, file. The command line exits with code 2. The
// message says what was expected, what was found, and what to do.
class UserError : public Error {
 public:
  using Error::Error;
};

// A model's description is wrong: a component, parameter, behavior or world that cannot be built as
// written.
class ModelError : public UserError {
 public:
  using UserError::UserError;
};

// A condition of the engine's own does not hold: a defect in the engine or in a foreign kernel
// (checks.hpp).
class InternalError : public Error {
 public:
  using Error::Error;
};

// The run failed at an entity.
class RunError : public Error {
 public:
  RunError(const std::string& message, std::string behavior, std::uint64_t entity_id,
           std::int64_t tick, std::int32_t code)
      : Error(message),
        behavior_(std::move(behavior)),
        entity_id_(entity_id),
        tick_(tick),
        code_(code) {}

  const std::string& behavior() const { return behavior_; }
  std::uint64_t entity_id() const { return entity_id_; }
  std::int64_t tick() const { return tick_; }
  // What the kernel returned.
  std::int32_t code() const { return code_; }

 private:
  std::string behavior_;
  std::uint64_t entity_id_;
  std::int64_t tick_;
  std::int32_t code_;
};

}  // namespace bw
