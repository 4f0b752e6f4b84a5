// Components by name.
#include "ecs/schema.hpp"

#include <algorithm>
#include <utility>

#include "base/errors.hpp"

namespace bw {

ComponentId Schema::add(Component component) {
  if (find(component.name)) {
    throw ModelError("two components are called '" + component.name + "'; rename one of them");
  }
  for (Field& field : component.fields) {
    if (!field.type.is_open()) {
      field.initial.resize(field.type.size());
    }
  }
  components_.push_back(std::move(component));
  return static_cast<ComponentId>(components_.size() - 1);
}

std::optional<ComponentId> Schema::find(std::string_view name) const {
  auto found = std::find_if(components_.begin(), components_.end(),
                            [&](const Component& c) { return c.name == name; });
  if (found == components_.end()) {
    return std::nullopt;
  }
  return static_cast<ComponentId>(found - components_.begin());
}

std::optional<FieldKey> Schema::find_label(std::string_view label) const {
  const std::size_t dot = std::min(label.find('.'), label.size());
  const auto component = find(label.substr(0, dot));
  return component && dot < label.size() ? find_field(*component, label.substr(dot + 1))
                                         : std::nullopt;
}

std::optional<FieldKey> Schema::find_field(ComponentId id, std::string_view name) const {
  const std::vector<Field>& fields = component(id).fields;
  auto found =
      std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name; });
  if (found == fields.end()) {
    return std::nullopt;
  }
  return FieldKey{id, static_cast<std::uint32_t>(found - fields.begin())};
}

std::string Schema::label(FieldKey key) const {
  return component(key.component).name + "." + field(key).name;
}

}  // namespace bw
