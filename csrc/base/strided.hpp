// Copies between strided and contiguous memory: how values leave columns for indices, messages and snapshots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace bw {

// Copies values of `size` bytes, gathered by index from strided memory, to contiguous memory.
void gather_values(std::byte* to, const std::byte* from, std::int64_t stride, std::size_t size,
                   std::span<const std::uint32_t> order);

}  // namespace bw
