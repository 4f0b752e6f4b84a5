// The communicator of one process.
#include "cluster/communicator.hpp"

#include <numeric>
#include <utility>

#include "base/errors.hpp"

namespace bw {

LocalCommunicator::LocalCommunicator(std::uint32_t ranks) : hosted_(ranks) {
  if (ranks == 0) {
    throw UserError("a simulation needs at least one rank; found 0");
  }
  std::iota(hosted_.begin(), hosted_.end(), RankId{0});
}

Mail LocalCommunicator::exchange(std::string_view, Mail mail, std::span<std::uint64_t>) {
  for (std::size_t a = 0; a < mail.size(); ++a) {
    for (std::size_t b = a + 1; b < mail.size(); ++b) {
      std::swap(mail[a][b], mail[b][a]);
    }
  }
  return mail;
}

std::vector<std::uint64_t> LocalCommunicator::sum(std::string_view,
                                                  std::vector<std::uint64_t> values) {
  return values;
}

void LocalCommunicator::fail(const std::exception_ptr& error) {
  std::rethrow_exception(error);
}

std::span<const std::byte> Reader::take(std::size_t size) {
  if (size > from_.size()) {
    throw InternalError("a message ended before its last value");
  }
  const std::span<const std::byte> taken = from_.first(size);
  from_ = from_.subspan(size);
  return taken;
}

}  // namespace bw
