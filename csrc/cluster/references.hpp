// References: what is read of agents that are known by their ids, wherever they live. A rank asks
// all others for those that it does not have, and each answers for those that it has.
#pragma once

#include <span>
#include <vector>

#include "cluster/communicator.hpp"
#include "ecs/store.hpp"

namespace bw {

// What is read of them: fields of a component. Who does not have it is not there.
struct ReferenceRequest {
  ComponentId component = 0;
  std::span<const FieldKey> fields;
};

// The answer of one rank: the places, among those that were asked for, of the agents that it has,
// and their values, field by field.
struct Referenced {
  std::vector<std::uint32_t> places;
  std::vector<std::span<const std::byte>> columns;
};

void pack_referenced(const Store& store, std::span<const EntityId> wanted,
                     const ReferenceRequest& request, Bytes& message);

// Reads what pack_referenced of the same request wrote; columns last as long as the message.
Referenced unpack_referenced(const Schema& schema, const ReferenceRequest& request,
                             Reader& message);

}  // namespace bw
