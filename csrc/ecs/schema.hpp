// Components and their fields: what kinds of data a world's entities can have. A schema only grows
// before the run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/state.hpp"

namespace bw {

using ComponentId = std::uint32_t;

struct Field {
  std::string name;
  FieldType type;
  std::vector<std::byte> initial;  // the default value, type.size() bytes; or its contents
};

struct Component {
  std::string name;
  std::vector<Field> fields;  // none: a tag
};

// A field of a component, by position.
struct FieldKey {
  ComponentId component = 0;
  std::uint32_t field = 0;

  friend constexpr auto operator<=>(const FieldKey&, const FieldKey&) = default;
};

class Schema {
 public:
  ComponentId add(Component component);

  const Component& component(ComponentId id) const { return components_.at(id); }
  const Field& field(FieldKey key) const { return component(key.component).fields.at(key.field); }
  std::size_t size() const { return components_.size(); }

  std::optional<ComponentId> find(std::string_view name) const;
  std::optional<FieldKey> find_field(ComponentId component, std::string_view field) const;

  // A field by its label.
  std::optional<FieldKey> find_label(std::string_view label) const;

  // "Bird.position": how a field is called in state, messages and queries.
  std::string label(FieldKey key) const;

 private:
  std::vector<Component> components_;
};

}  // namespace bw
