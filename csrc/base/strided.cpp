// Gathering with the value's size known to the compiler for the common sizes.
#include "base/strided.hpp"

#include <cstring>

namespace bw {
namespace {

template <std::size_t Size>
void gather_fixed(std::byte* to, const std::byte* from, std::int64_t stride,
                  std::span<const std::uint32_t> order) {
  for (std::size_t i = 0; i < order.size(); ++i) {
    std::memcpy(to + i * Size, from + static_cast<std::int64_t>(order[i]) * stride, Size);
  }
}

}  // namespace

void gather_values(std::byte* to, const std::byte* from, std::int64_t stride, std::size_t size,
                   std::span<const std::uint32_t> order) {
  switch (size) {
    case 1:
      return gather_fixed<1>(to, from, stride, order);
    case 4:
      return gather_fixed<4>(to, from, stride, order);
    case 8:
      return gather_fixed<8>(to, from, stride, order);
    case 16:
      return gather_fixed<16>(to, from, stride, order);
    default:
      for (std::size_t i = 0; i < order.size(); ++i) {
        std::memcpy(to + i * size, from + static_cast<std::int64_t>(order[i]) * stride, size);
      }
  }
}

}  // namespace bw
