// Laying out records.
#include "event/channel.hpp"

#include <cstring>
#include <utility>

namespace bw {

Channel::Channel(std::string name, std::vector<Field> fields, std::size_t most_events)
    : name_(std::move(name)),
      fields_(std::move(fields)),
      initial_(sizeof(EntityId)),
      most_events_(most_events) {
  for (const Field& field : fields_) {
    offsets_.push_back(initial_.size());
    initial_.resize(initial_.size() + ((field.type.size() + 7) & ~std::size_t{7}));
    std::memcpy(initial_.data() + offsets_.back(), field.initial.data(), field.type.size());
  }
}

}  // namespace bw
