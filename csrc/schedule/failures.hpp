// Failures: what is checked right behind a kernel, and the errors that are raised of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "schedule/worker.hpp"

namespace bw {

// The error that names behavior, entity and tick.
[[noreturn]] void fail(const Failure& failure);

// A kernel's failure at a row.
Failure failure_at(const TableRun& run, std::size_t row, std::string why, std::int32_t code);

// What a service without a result could not do for a row; the kernel goes on to the end of its
// rows.
Failure failure_behind(const TableRun& run, std::int64_t row, std::string why);

// A number in a message. Signs of NaNs differ between processors.
std::string shown(double value);

// --check-values: the first non-finite number that a behavior writes is an error.
void check_values(const TableRun& run, std::size_t begin, std::size_t end, Worker& worker);

// The same for what its entities ordered in the phase: births, components that are attached, edges,
// and events.
void check_orders(const std::deque<TableRun>& runs, Worker& worker);

}  // namespace bw
