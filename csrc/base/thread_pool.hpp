// thread_pool.hpp: the threads of a simulation, and the one way to use them: a loop over
// independent indices.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace bw {

// A fixed team of persistent threads of which the caller of parallel_for is one.
//
// Which thread runs which index is left to chance, so what an index does may depend on the index
// alone; `worker` (0 .. threads() - 1, unique among the indices that run at one time) is for
// scratch memory only.
class ThreadPool {
 public:
  // threads: size of the team, the caller included; at least 1.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }

  // Calls fn(index, worker) once for every index of 0 .. count - 1 and returns when all are done.
  //
  // Indices are begun in ascending order. If calls throw, no further index is begun and the
  // exception of the lowest throwing index is rethrown: the same one on any number of threads. A
  // call from inside a call of the same pool, or while another thread uses the pool, runs its
  // indices on the calling thread.
  template <class Function>
  void parallel_for(std::size_t count, Function&& fn) {
    if (threads_ == 1 || count <= 1) return run_inline(count, fn, worker_here());
    using Plain = std::remove_reference_t<Function>;
    const Job job{[](void* context, std::size_t index, int worker) {
                    (*static_cast<Plain*>(context))(index, worker);
                  },
                  const_cast<void*>(static_cast<const void*>(std::addressof(fn))), count};
    if (is_mine() || !run_shared(job)) run_inline(count, fn, worker_here());
  }

 private:
  struct Job {
    void (*call)(void* context, std::size_t index, int worker) = nullptr;
    void* context = nullptr;
    std::size_t count = 0;
  };

  template <class Function>
  static void run_inline(std::size_t count, Function& fn, int worker) {
    for (std::size_t index = 0; index < count; ++index) fn(index, worker);
  }

  // Whether the calling thread is inside a call of this pool, and as which worker (0 where it is
  // not).
  bool is_mine() const;
  int worker_here() const;

  bool run_shared(const Job& job);
  void open_job(const Job& job);
  void close_job();
  void take_indices(int worker);
  void keep_exception(std::size_t index);

  void work(int worker);
  std::uint64_t wait_for_job(std::uint32_t seen);
  bool join_job(std::uint64_t state);
  void leave_job();

  const int threads_;
  const int spins_;
  std::atomic_flag in_use_ = ATOMIC_FLAG_INIT;

  // The job in hand: written before the state opens it, read by workers that joined it.
  Job job_;
  alignas(64) std::atomic<std::size_t> next_index_{0};

  // Generation of the job (upper half), whether it is open, whether the pool stops, how many
  // workers are in it.
  alignas(64) std::atomic<std::uint64_t> state_{0};
  std::atomic<int> sleepers_{0};
  std::atomic<bool> caller_sleeps_{false};

  std::mutex mutex_;  // guards the sleeping and the two below
  std::condition_variable job_opened_;
  std::condition_variable workers_left_;
  std::exception_ptr exception_;
  std::size_t exception_index_ = 0;

  std::vector<std::thread> workers_;
};

}  // namespace bw
