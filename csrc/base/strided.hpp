// Copies between strided and contiguous memory: how values leave columns for indices, messages and
// snapshots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace bw {

// Calls `loop` with the size of a value as a constant for the common sizes (so that copies of it
// are single moves), else with the number itself.
template <class Loop>
void for_value_size(std::size_t size, Loop&& loop) {
  switch (size) {
    case 1:
      return loop(std::integral_constant<std::size_t, 1>{});
    case 2:
      return loop(std::integral_constant<std::size_t, 2>{});
    case 4:
      return loop(std::integral_constant<std::size_t, 4>{});
    case 8:
      return loop(std::integral_constant<std::size_t, 8>{});
    case 12:
      return loop(std::integral_constant<std::size_t, 12>{});
    case 16:
      return loop(std::integral_constant<std::size_t, 16>{});
    case 24:
      return loop(std::integral_constant<std::size_t, 24>{});
    default:
      return loop(size);
  }
}

// Copies values of `size` bytes, gathered by index from strided memory, to contiguous memory.
void gather_values(std::byte* to, const std::byte* from, std::int64_t stride, std::size_t size,
                   std::span<const std::uint32_t> order);

}  // namespace bw
