// Asking for large pages.
#include "base/large_memory.hpp"

#include <algorithm>
#include <cstdlib>

#if __has_include(<sys/mman.h>)
#include <sys/mman.h>
#endif

namespace bw {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{1} << 21;
constexpr std::size_t kWorthAPage = kHugePage / 2;

constexpr std::size_t round_up(std::size_t bytes, std::size_t to) {
  return (bytes + to - 1) / to * to;
}

}  // namespace

void* allocate_large(std::size_t bytes) {
  // Below a page, what is missing is at most as much again; the end of more pages may be small.
  const bool large = bytes >= kWorthAPage;
  const std::size_t size = large ? round_up(std::max(bytes, kHugePage), kAlignment)
                                 : round_up(std::max<std::size_t>(bytes, 1), kAlignment);
  void* memory =
      std::aligned_alloc(large ? kHugePage : kAlignment, large ? round_up(size, kHugePage) : size);
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
#ifdef MADV_HUGEPAGE
  if (large) {
    madvise(memory, size / kHugePage * kHugePage, MADV_HUGEPAGE);
  }
#endif
  return memory;
}

void free_large(void* memory) {
  std::free(memory);
}

}  // namespace bw
