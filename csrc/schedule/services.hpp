// The services that kernels call through the ABI.
#pragma once

#include "bigworlds/behavior_abi.h"

namespace bw {

// For behaviors that see others as they were at the start of the phase.
const bw_services& synchronous_services();

// For sequential behaviors: the same, on the live state. Without commits: where nobody would see
// them, the service does nothing.
const bw_services& sequential_services(bool commits);

}  // namespace bw
