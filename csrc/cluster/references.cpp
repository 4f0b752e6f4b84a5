// Answering for agents by their ids.
#include "cluster/references.hpp"

namespace bw {

void pack_referenced(const Store& store, std::span<const EntityId> wanted,
                     const ReferenceRequest& request, Bytes& message) {
  std::vector<Location> at(wanted.size());
  store.find_all(wanted, at.data());
  std::vector<std::uint32_t> places;
  for (std::uint32_t i = 0; i < wanted.size(); ++i) {
    if (at[i] != kNowhere && store.table(at[i].table).has(request.component)) {
      places.push_back(i);
    }
  }
  Writer writer(message);
  writer.values(std::span<const std::uint32_t>(places));
  for (const FieldKey field : request.fields) {
    for (const std::uint32_t place : places) {
      const Table& table = store.table(at[place].table);
      const Column& column = table.column(table.find_column(field).value());
      writer.bytes(column.at(at[place].row), column.value_size());
    }
  }
}

Referenced unpack_referenced(const Schema& schema, const ReferenceRequest& request,
                             Reader& message) {
  Referenced answer{message.values<std::uint32_t>(), {}};
  for (const FieldKey field : request.fields) {
    answer.columns.push_back(message.take(answer.places.size() * schema.field(field).type.size()));
  }
  return answer;
}

}  // namespace bw
