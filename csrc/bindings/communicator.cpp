// Communicators whose calls are carried out by a Python object: one rank in this process, the
// others in other processes. Bytes are packed and unpacked in C++; Python only moves them.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.hpp"
#include "bindings/bindings.hpp"
#include "cluster/communicator.hpp"

namespace py = pybind11;

namespace bw::bindings {
namespace {

Bytes bytes_of(const py::handle& message) {
  const py::buffer_info info = py::cast<py::buffer>(message).request();
  Bytes bytes(static_cast<std::size_t>(info.size * info.itemsize));
  if (!bytes.empty()) {
    std::memcpy(bytes.data(), info.ptr, bytes.size());
  }
  return bytes;
}

class CarriedCommunicator final : public Communicator {
 public:
  explicit CarriedCommunicator(py::object processes)
      : processes_(std::move(processes)),
        ranks_(processes_.attr("ranks").cast<std::uint32_t>()),
        hosted_{processes_.attr("rank").cast<RankId>()} {}

  ~CarriedCommunicator() override {
    const py::gil_scoped_acquire acquire;
    processes_ = py::object();
  }
  CarriedCommunicator(const CarriedCommunicator&) = delete;
  CarriedCommunicator& operator=(const CarriedCommunicator&) = delete;

  std::uint32_t ranks() const override { return ranks_; }
  std::span<const RankId> hosted() const override { return hosted_; }

  Mail exchange(std::string_view call, Mail mail, std::span<std::uint64_t> sums) override {
    const py::gil_scoped_acquire acquire;
    py::dict messages;
    for (std::size_t rank = 0; rank < ranks_; ++rank) {
      if (Bytes& message = mail.front()[rank]; !message.empty()) {
        messages[py::int_(rank)] =
            py::memoryview::from_memory(message.data(), static_cast<py::ssize_t>(message.size()));
      }
    }
    py::list values;
    for (const std::uint64_t value : sums) {
      values.append(value);
    }
    const py::tuple told = processes_.attr("meet")(call, messages, values);
    const py::dict received = told[0];
    const py::list summed = told[1];
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i] = summed[i].cast<std::uint64_t>();
    }
    Mail arrived(1, std::vector<Bytes>(ranks_));
    for (const auto& [rank, message] : received) {
      arrived.front()[rank.cast<std::size_t>()] = bytes_of(message);
    }
    return arrived;
  }

  std::vector<std::uint64_t> sum(std::string_view call,
                                 std::vector<std::uint64_t> values) override {
    const py::gil_scoped_acquire acquire;
    return processes_.attr("sum")(call, values).cast<std::vector<std::uint64_t>>();
  }

  void set_neighbors(std::span<const RankId> ranks) override {
    const py::gil_scoped_acquire acquire;
    processes_.attr("set_neighbors")(std::vector<RankId>(ranks.begin(), ranks.end()));
  }

  [[noreturn]] void fail(const std::exception_ptr& error) override {
    const py::gil_scoped_acquire acquire;
    py::object raised;
    try {
      std::rethrow_exception(error);
    } catch (py::error_already_set& python) {
      raised = python.value();
    } catch (const std::exception&) {
      raised = python_error(error);
    }
    processes_.attr("fail")(raised);  // raises
    throw InternalError("the failure of a rank was not raised");
  }

 private:
  py::object processes_;
  std::uint32_t ranks_;
  std::vector<RankId> hosted_;
};

}  // namespace

std::shared_ptr<Communicator> communicator_from(const py::object& processes) {
  return processes.is_none() ? nullptr : std::make_shared<CarriedCommunicator>(processes);
}

}  // namespace bw::bindings
