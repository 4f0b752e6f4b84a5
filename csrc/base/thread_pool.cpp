// thread_pool.cpp: how the workers of a pool wait, join a job, share its indices and leave it.
//
// A job is opened and closed by one atomic word. Workers join an open job if they are awake in
// time; the caller never waits for one that has not joined, so a sleeping or descheduled thread
// cannot hold up a phase. Between jobs workers spin for some tens of microseconds, the length of
// the serial part of a tick, then sleep.
#include "base/thread_pool.hpp"

#include <limits>
#include <string>

#include "base/checks.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace bw {

namespace {

constexpr std::uint64_t kWorkersMask = 0xFFFF;
constexpr std::uint64_t kOpen = 1u << 16;
constexpr std::uint64_t kStop = 1u << 17;
constexpr int kGenerationShift = 32;
constexpr int kMaxThreads = 0xFFFF;
constexpr int kSpins = 1500;

std::uint32_t generation(std::uint64_t state) {
  return static_cast<std::uint32_t>(state >> kGenerationShift);
}

void pause_briefly() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// The calls of pools that the thread is inside of, innermost first: a pool's job may use another
// pool.
struct Frame {
  const ThreadPool* pool;
  int worker;
  const Frame* outer;
};
thread_local const Frame* innermost_frame = nullptr;

class FrameScope {
 public:
  FrameScope(const ThreadPool* pool, int worker) : frame_{pool, worker, innermost_frame} {
    innermost_frame = &frame_;
  }
  ~FrameScope() { innermost_frame = frame_.outer; }
  FrameScope(const FrameScope&) = delete;
  FrameScope& operator=(const FrameScope&) = delete;

 private:
  Frame frame_;
};

const Frame* find_frame(const ThreadPool* pool) {
  const Frame* frame = innermost_frame;
  while (frame != nullptr && frame->pool != pool) frame = frame->outer;
  return frame;
}

int checked_thread_count(int threads) {
  if (threads < 1 || threads > kMaxThreads) {
    throw UserError("the number of threads must be from 1 to " + std::to_string(kMaxThreads) +
                    ", found " + std::to_string(threads));
  }
  return threads;
}

// Spinning takes a core away from a thread that works where there are more threads than cores.
int spins_for(int threads) {
  const unsigned cores = std::thread::hardware_concurrency();
  return static_cast<unsigned>(threads) <= cores ? kSpins : 0;
}

}  // namespace

ThreadPool::ThreadPool(int threads)
    : threads_(checked_thread_count(threads)), spins_(spins_for(threads)) {
  workers_.reserve(static_cast<std::size_t>(threads_ - 1));
  for (int worker = 1; worker < threads_; ++worker) {
    workers_.emplace_back([this, worker] { work(worker); });
  }
}

ThreadPool::~ThreadPool() {
  state_.fetch_or(kStop);
  {
    const std::lock_guard lock(mutex_);
  }
  job_opened_.notify_all();
  for (std::thread& thread : workers_) thread.join();
}

bool ThreadPool::is_mine() const {
  return find_frame(this) != nullptr;
}

int ThreadPool::worker_here() const {
  const Frame* frame = find_frame(this);
  return frame == nullptr ? 0 : frame->worker;
}

// Runs a job with the whole team; false, with nothing done, where another thread uses it.
bool ThreadPool::run_shared(const Job& job) {
  if (in_use_.test_and_set(std::memory_order_acquire)) return false;
  open_job(job);
  take_indices(0);
  close_job();
  const std::exception_ptr exception = std::exchange(exception_, nullptr);
  in_use_.clear(std::memory_order_release);
  if (exception) std::rethrow_exception(exception);
  return true;
}

void ThreadPool::open_job(const Job& job) {
  job_ = job;
  exception_index_ = std::numeric_limits<std::size_t>::max();
  next_index_.store(0, std::memory_order_relaxed);
  const std::uint64_t next_generation = generation(state_.load(std::memory_order_relaxed)) + 1u;
  // Sequentially consistent, as is the sleeper's count: either we see the sleeper or it sees the
  // job.
  state_.store((next_generation << kGenerationShift) | kOpen);
  if (sleepers_.load() > 0) {
    {
      const std::lock_guard lock(mutex_);
    }
    job_opened_.notify_all();
  }
}

// Lets nobody join any more and waits for those who have.
void ThreadPool::close_job() {
  state_.fetch_and(~kOpen);
  const auto nobody_works = [this] { return (state_.load() & kWorkersMask) == 0; };
  for (int spin = 0; spin < spins_; ++spin) {
    if (nobody_works()) return;
    pause_briefly();
  }
  std::unique_lock lock(mutex_);
  caller_sleeps_.store(true);
  workers_left_.wait(lock, nobody_works);
  caller_sleeps_.store(false);
}

void ThreadPool::take_indices(int worker) {
  const FrameScope scope(this, worker);
  for (;;) {
    const std::size_t index = next_index_.fetch_add(1, std::memory_order_relaxed);
    if (index >= job_.count) return;
    try {
      job_.call(job_.context, index, worker);
    } catch (...) {
      keep_exception(index);
      return;
    }
  }
}

// Every index below a begun one has been begun too, so stopping here loses no exception of a lower
// index.
void ThreadPool::keep_exception(std::size_t index) {
  const std::lock_guard lock(mutex_);
  next_index_.store(job_.count, std::memory_order_relaxed);
  if (index < exception_index_) {
    exception_index_ = index;
    exception_ = std::current_exception();
  }
}

void ThreadPool::work(int worker) {
  std::uint32_t seen = 0;
  for (;;) {
    const std::uint64_t state = wait_for_job(seen);
    if (state & kStop) return;
    if (!join_job(state)) continue;
    seen = generation(state);
    take_indices(worker);
    leave_job();
  }
}

// Waits until a job of another generation than `seen` is open, or the pool stops; returns the
// state.
std::uint64_t ThreadPool::wait_for_job(std::uint32_t seen) {
  const auto is_ready = [seen](std::uint64_t state) {
    return (state & kStop) || ((state & kOpen) && generation(state) != seen);
  };
  std::uint64_t state = state_.load();
  for (int spin = 0; spin < spins_ && !is_ready(state); ++spin) {
    pause_briefly();
    state = state_.load();
  }
  if (is_ready(state)) return state;
  std::unique_lock lock(mutex_);
  sleepers_.fetch_add(1);
  job_opened_.wait(lock, [&] { return is_ready(state = state_.load()); });
  sleepers_.fetch_sub(1);
  return state;
}

// Joins the job of `state` unless it has been closed meanwhile.
bool ThreadPool::join_job(std::uint64_t state) {
  const std::uint32_t wanted = generation(state);
  while ((state & kOpen) && generation(state) == wanted) {
    if (state_.compare_exchange_weak(state, state + 1)) return true;
  }
  return false;
}

void ThreadPool::leave_job() {
  const std::uint64_t state = state_.fetch_sub(1) - 1;
  if ((state & kWorkersMask) == 0 && caller_sleeps_.load()) {
    {
      const std::lock_guard lock(mutex_);
    }
    workers_left_.notify_one();
  }
}

}  // namespace bw
