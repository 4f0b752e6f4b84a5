// Large memory: arrays that many rows or cells share come in pages of 2 MiB where the system has
// them: they are visited in any order, and with small pages most visits would miss the address
// cache too. Only a hint: nothing depends on it.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace bw {

// Memory of at least `bytes`, aligned to cache lines, not initialised; std::bad_alloc where there
// is none. It is given back by std::free.
void* allocate_large(std::size_t bytes);
void free_large(void* memory);

template <class T>
struct LargeAllocator {
  using value_type = T;

  LargeAllocator() = default;
  template <class U>
  LargeAllocator(const LargeAllocator<U>&) {}  // NOLINT: allocators convert

  T* allocate(std::size_t n) { return static_cast<T*>(allocate_large(n * sizeof(T))); }
  void deallocate(T* memory, std::size_t) { free_large(memory); }
  friend bool operator==(const LargeAllocator&, const LargeAllocator&) { return true; }
};

template <class T>
using LargeVector = std::vector<T, LargeAllocator<T>>;

}  // namespace bw
