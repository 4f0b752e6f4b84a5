// Small questions about behaviors.
#include "schedule/behavior.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/hash.hpp"

namespace bw {

double NumberSource::value(const std::vector<std::byte>& parameters) const {
  switch (kind) {
    case Kind::real_parameter: {
      double real = 0.0;
      std::memcpy(&real, parameters.data() + offset, sizeof(real));
      return real;
    }
    case Kind::whole_parameter: {
      std::int64_t whole = 0;
      std::memcpy(&whole, parameters.data() + offset, sizeof(whole));
      return static_cast<double>(whole);
    }
    default:
      return constant;
  }
}

std::uint64_t activation_key(const Behavior& behavior) {
  return rng_key(behavior.rng_key, "activation");
}

bool Trigger::fires(std::int64_t tick) const {
  if (!enabled) {
    return false;
  }
  if (!at.empty()) {
    return std::binary_search(at.begin(), at.end(), tick);
  }
  return tick >= after && (tick - after) % every == 0;
}

bool Trigger::may_fire(std::int64_t tick) const {
  return enabled && (at.empty() || at.back() >= tick);
}

double Behavior::reach_now(const std::vector<std::byte>& parameters) const {
  double greatest = reach.empty() ? std::numeric_limits<double>::infinity() : 0.0;
  for (const NumberSource& number : reach) {
    greatest = std::max(greatest, number.value(parameters));
  }
  return greatest;
}

double Behavior::sight_now(const std::vector<std::byte>& parameters) const {
  double greatest = 0.0;
  for (const ReachUse& use : reaches) {
    greatest = use.within_radius() ? std::max(greatest, use.radius.value(parameters)) : greatest;
  }
  return greatest;
}

bool Behavior::writes(FieldKey field) const {
  return std::any_of(columns.begin(), columns.end(),
                     [&](const ColumnUse& use) { return use.writes && use.field == field; });
}

std::uint64_t Behavior::claim_key() const {
  return bw::rng_key(rng_key, "claims");
}

RecordLayout record_layout(const Schema& schema, const std::vector<FieldKey>& fields) {
  RecordLayout layout;
  for (const FieldKey key : fields) {
    const Field& field = schema.field(key);
    layout.offsets.push_back(layout.size);
    layout.size += (field.type.size() + 7) & ~std::size_t{7};
    layout.initial.resize(layout.size);
    std::memcpy(layout.initial.data() + layout.offsets.back(), field.initial.data(),
                field.type.size());
  }
  // A record is always somewhere, that of a tag too.
  layout.size = std::max<std::size_t>(layout.size, 8);
  layout.initial.resize(layout.size);
  return layout;
}

}  // namespace bw
