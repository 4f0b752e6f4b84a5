// checks.hpp: conditions that the engine relies on, each with a sentence that says what should have
// held.
//
// BW_CHECK stands where a check costs nothing beside the work: it is always on and throws
// bw::InternalError. BW_ASSERT stands in hot loops: it is on in debug and sanitizer builds only,
// and its condition is not evaluated elsewhere.
#pragma once

#include <string>

#include "base/errors.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
#define BW_ASSERTIONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BW_ASSERTIONS 1
#endif
#endif
#ifndef BW_ASSERTIONS
#define BW_ASSERTIONS 0
#endif

namespace bw::checks {

// Throws; kept out of line of the check so that the good path stays small.
[[noreturn, gnu::cold, gnu::noinline]] inline void fail(const char* sentence, const char* condition,
                                                        const char* file, int line) {
  const std::string place = std::string(file);
  const std::size_t room = place.rfind("csrc/");
  throw InternalError(std::string(sentence) + " [" + condition + ", " +
                      (room == std::string::npos ? place : place.substr(room)) + ":" +
                      std::to_string(line) + "]");
}

}  // namespace bw::checks

#define BW_CHECK(condition, sentence)                                 \
  do {                                                                \
    if (!(condition)) [[unlikely]]                                    \
      ::bw::checks::fail((sentence), #condition, __FILE__, __LINE__); \
  } while (false)

#if BW_ASSERTIONS
#define BW_ASSERT(condition, sentence) BW_CHECK(condition, sentence)
#else
#define BW_ASSERT(condition, sentence) \
  do {                                 \
    (void)sizeof(!(condition));        \
  } while (false)
#endif
