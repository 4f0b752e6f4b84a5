// The communicator: how the ranks of a simulation exchange bytes. It is a value, so that storage
// and logic never communicate: `LocalCommunicator` runs all ranks in one process, in lockstep,
// through memory; others reach ranks in other processes.
//
// Every call is collective: all processes make the same calls in the same order, and say by name
// what each is for, so that a process that is elsewhere is an error on all and never a hang.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/ids.hpp"

namespace bw {

using Bytes = std::vector<std::byte>;

// mail[h][r]: what the h-th rank of this process sends to (or received from) rank r.
using Mail = std::vector<std::vector<Bytes>>;

class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual std::uint32_t ranks() const = 0;

  // The ranks that live in this process, ascending.
  virtual std::span<const RankId> hosted() const = 0;

  // Every rank hands in its mail and gets what was sent to it, in rank order. Values that travel
  // along become their sums over all processes (modulo 2^64); at most kMostSums.
  virtual Mail exchange(std::string_view call, Mail mail, std::span<std::uint64_t> sums) = 0;
  Mail exchange(std::string_view call, Mail mail) { return exchange(call, std::move(mail), {}); }

  // The sums alone.
  virtual std::vector<std::uint64_t> sum(std::string_view call,
                                         std::vector<std::uint64_t> values) = 0;

  // With whom this rank exchanges often: those that have tiles near its own. Everybody can be sent
  // to; this is about speed alone. Where one of two says so of the other, both are.
  virtual void set_neighbors(std::span<const RankId>) {}

  // This process failed: it comes to the call that the others are at with its error instead, and
  // all throw the same.
  [[noreturn]] virtual void fail(const std::exception_ptr& error) = 0;

  static constexpr std::size_t kMostSums = 6;

  bool hosts_all() const { return hosted().size() == ranks(); }
  Mail empty_mail() const { return Mail(hosted().size(), std::vector<Bytes>(ranks())); }
};

// N ranks in one process: what every test of the order rules runs on.
class LocalCommunicator final : public Communicator {
 public:
  explicit LocalCommunicator(std::uint32_t ranks);
  std::uint32_t ranks() const override { return static_cast<std::uint32_t>(hosted_.size()); }
  std::span<const RankId> hosted() const override { return hosted_; }
  using Communicator::exchange;
  Mail exchange(std::string_view call, Mail mail, std::span<std::uint64_t> sums) override;
  std::vector<std::uint64_t> sum(std::string_view call, std::vector<std::uint64_t> values) override;
  [[noreturn]] void fail(const std::exception_ptr& error) override;

 private:
  std::vector<RankId> hosted_;
};

// Appends and reads plain values in messages.
class Writer {
 public:
  explicit Writer(Bytes& to) : to_(&to) {}

  template <class T>
  void value(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes(&value, sizeof(T));
  }
  template <class T>
  void values(std::span<const T> values) {
    value(static_cast<std::uint64_t>(values.size()));
    bytes(values.data(), values.size_bytes());
  }
  void bytes(const void* from, std::size_t size) {
    if (size > 0) {
      const std::size_t before = to_->size();
      to_->resize(before + size);
      std::memcpy(to_->data() + before, from, size);
    }
  }

 private:
  Bytes* to_;
};

class Reader {
 public:
  explicit Reader(std::span<const std::byte> from) : from_(from) {}

  bool done() const { return from_.empty(); }
  template <class T>
  T value() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  template <class T>
  std::vector<T> values() {
    std::vector<T> values(value<std::uint64_t>());
    const std::span<const std::byte> from = take(values.size() * sizeof(T));
    if (!values.empty()) {
      std::memcpy(values.data(), from.data(), from.size());
    }
    return values;
  }
  std::span<const std::byte> take(std::size_t size);

 private:
  std::span<const std::byte> from_;
};

// Collective: items[h][r] are sent by the h-th hosted rank to rank r; returns what each hosted rank
// received from each.
template <class T>
std::vector<std::vector<std::vector<T>>> exchange_items(
    Communicator& communicator, std::string_view call,
    const std::vector<std::vector<std::vector<T>>>& items) {
  Mail mail = communicator.empty_mail();
  for (std::size_t h = 0; h < mail.size(); ++h) {
    for (std::size_t r = 0; r < mail[h].size(); ++r) {
      Writer(mail[h][r]).bytes(items[h][r].data(), items[h][r].size() * sizeof(T));
    }
  }
  mail = communicator.exchange(call, std::move(mail));
  std::vector<std::vector<std::vector<T>>> received(mail.size());
  for (std::size_t h = 0; h < mail.size(); ++h) {
    for (const Bytes& bytes : mail[h]) {
      received[h].emplace_back(bytes.size() / sizeof(T));
      if (!bytes.empty()) {
        std::memcpy(received[h].back().data(), bytes.data(), bytes.size());
      }
    }
  }
  return received;
}

}  // namespace bw
