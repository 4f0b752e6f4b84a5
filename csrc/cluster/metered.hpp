// What a process spends its time on, and what it sends: a stopwatch that is charged to one part of
// the tick at a time, and a communicator that counts what goes through another one.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/communicator.hpp"

namespace bw {

// The parts of a tick. `wait` is all time in exchanges: until the others have come, and until the
// bytes have.
enum class Part : std::uint8_t { compute, halo, migrate, settle, rest, wait, outside };
inline constexpr std::size_t kParts = 6;  // that are measured

// Off, it does nothing but look whether it is on.
class Stopwatch {
 public:
  void measure(bool on) { on_ = on; }
  bool on() const { return on_; }
  const std::array<double, kParts>& seconds() const { return seconds_; }

  // From here on time is charged to a part; returns the one before.
  Part enter(Part part) {
    if (!on_) {
      return Part::outside;
    }
    const Clock::time_point now = Clock::now();
    if (part_ != Part::outside) {
      seconds_[static_cast<std::size_t>(part_)] +=
          std::chrono::duration<double>(now - since_).count();
    }
    since_ = now;
    return std::exchange(part_, part);
  }

 private:
  using Clock = std::chrono::steady_clock;

  bool on_ = false;
  Part part_ = Part::outside;
  Clock::time_point since_;
  std::array<double, kParts> seconds_{};
};

// Charges a part as long as it lives; what was charged before is again afterwards.
class Lap {
 public:
  Lap(Stopwatch& watch, Part part) : watch_(&watch), before_(watch.enter(part)) {}
  ~Lap() { watch_->enter(before_); }
  Lap(const Lap&) = delete;
  Lap& operator=(const Lap&) = delete;

 private:
  Stopwatch* watch_;
  Part before_;
};

// What the ranks of this process have sent to others.
struct Traffic {
  std::uint64_t meetings = 0;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
};

class MeteredCommunicator final : public Communicator {
 public:
  MeteredCommunicator(std::shared_ptr<Communicator> inner, Stopwatch& watch)
      : inner_(std::move(inner)), watch_(&watch) {}

  const Traffic& traffic() const { return traffic_; }

  std::uint32_t ranks() const override { return inner_->ranks(); }
  std::span<const RankId> hosted() const override { return inner_->hosted(); }
  using Communicator::exchange;
  Mail exchange(std::string_view call, Mail mail, std::span<std::uint64_t> sums) override;
  std::vector<std::uint64_t> sum(std::string_view call, std::vector<std::uint64_t> values) override;
  void set_neighbors(std::span<const RankId> ranks) override { inner_->set_neighbors(ranks); }
  [[noreturn]] void fail(const std::exception_ptr& error) override;

 private:
  std::shared_ptr<Communicator> inner_;
  Stopwatch* watch_;
  Traffic traffic_;
};

}  // namespace bw
