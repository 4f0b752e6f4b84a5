// Failures: what is checked right behind a kernel, and the errors that are raised of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "schedule/worker.hpp"

namespace bw {

// The error that names behavior, entity and tick.
[[noreturn]] void fail(const Failure& failure);

// A kernel's failure at a row.
Failure failure_at(const TableRun& run, std::size_t row, std::string why, std::int32_t code);

// Services without a result note what they cannot do; the kernel goes on to the end of its rows.
void check_fault(const TableRun& run, Worker& worker);

// --check-values: the first non-finite number that a behavior writes is an error.
void check_values(const TableRun& run, std::size_t begin, std::size_t end, Worker& worker);

}  // namespace bw
