// Gathering with the value's size known to the compiler for the common sizes.
#include "base/strided.hpp"

#include <cstring>

namespace bw {

void gather_values(std::byte* to, const std::byte* from, std::int64_t stride, std::size_t size,
                   std::span<const std::uint32_t> order) {
  for_value_size(size, [&](auto value_size) {
    for (std::size_t i = 0; i < order.size(); ++i) {
      std::memcpy(to + i * value_size, from + static_cast<std::int64_t>(order[i]) * stride,
                  value_size);
    }
  });
}

}  // namespace bw
