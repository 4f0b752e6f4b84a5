// Inputs as state: texts stand in columns of bytes, padded with zeros to the longest.
#include "event/input_queue.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "base/errors.hpp"

namespace bw {
namespace {

constexpr std::array<std::uint64_t, 1> kOneKey{0};

struct TextColumn {
  std::vector<std::byte> bytes;
  std::uint32_t length = 1;
};

TextColumn text_column(const std::vector<Input>& inputs, std::string Input::* text) {
  TextColumn column;
  for (const Input& input : inputs) {
    column.length = std::max(column.length, static_cast<std::uint32_t>((input.*text).size()));
  }
  column.bytes.resize(inputs.size() * column.length);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    std::memcpy(column.bytes.data() + i * column.length, (inputs[i].*text).data(),
                (inputs[i].*text).size());
  }
  return column;
}

StateColumn state_column(const char* name, const TextColumn& column) {
  return {name,
          {Scalar::bytes, column.length},
          column.bytes.data(),
          static_cast<std::int64_t>(column.length)};
}

const StateColumn& column_named(const StateSection& section, const std::string& name,
                                Scalar scalar) {
  for (const StateColumn& column : section.columns) {
    if (column.name == name && column.type.scalar == scalar) {
      return column;
    }
  }
  throw UserError("the state of inputs '" + section.name + "' has no column '" + name +
                  "' of the type that it should have");
}

template <class T>
T read(const StateColumn& column, std::size_t row) {
  T value;
  std::memcpy(&value, column.data + static_cast<std::int64_t>(row) * column.stride, sizeof(value));
  return value;
}

std::string read_text(const StateColumn& column, std::size_t row) {
  const auto* text =
      reinterpret_cast<const char*>(column.data + static_cast<std::int64_t>(row) * column.stride);
  return {text, strnlen(text, column.type.length)};
}

}  // namespace

std::uint64_t InputQueue::add(std::int64_t due, std::string sender, std::string name,
                              std::string arguments) {
  if (waiting_.size() >= kMostInputs) {
    throw UserError(std::to_string(waiting_.size()) +
                    " inputs wait to be applied, the most that may; run ticks first");
  }
  if (const std::size_t bytes = sender.size() + name.size() + arguments.size();
      bytes > kMostInputBytes) {
    throw UserError("input '" + name + "' has " + std::to_string(bytes) +
                    " bytes of sender, name and arguments; at most " +
                    std::to_string(kMostInputBytes) + " may be");
  }
  waiting_[{due, next_}] = {next_, due, std::move(sender), std::move(name), std::move(arguments)};
  return next_++;
}

std::optional<Input> InputQueue::first_due(std::int64_t tick) const {
  const bool due = !waiting_.empty() && waiting_.begin()->second.due <= tick;
  return due ? std::optional(waiting_.begin()->second) : std::nullopt;
}

std::optional<std::int64_t> InputQueue::next_due() const {
  return waiting_.empty() ? std::nullopt : std::optional(waiting_.begin()->second.due);
}

void InputQueue::list_state(const StateSink& sink) const {
  if (next_ > 1) {
    const auto* next = reinterpret_cast<const std::byte*>(&next_);
    sink({"input", "numbers", kOneKey, {{"next", {Scalar::u64, 1}, next, 8}}});
  }
  if (waiting_.empty()) {
    return;
  }
  std::vector<Input> inputs;
  std::vector<std::uint64_t> numbers;
  for (const auto& [key, input] : waiting_) {
    inputs.push_back(input);
    numbers.push_back(input.number);
  }
  const TextColumn senders = text_column(inputs, &Input::sender);
  const TextColumn names = text_column(inputs, &Input::name);
  const TextColumn arguments = text_column(inputs, &Input::arguments);
  const auto* due = reinterpret_cast<const std::byte*>(&inputs.front().due);
  sink({"input",
        "waiting",
        numbers,
        {{"due", {Scalar::i64, 1}, due, sizeof(Input)},
         state_column("sender", senders),
         state_column("name", names),
         state_column("arguments", arguments)}});
}

void InputQueue::load(const StateSection& section) {
  if (section.name == "numbers") {
    next_ = read<std::uint64_t>(column_named(section, "next", Scalar::u64), 0);
    return;
  }
  const StateColumn& due = column_named(section, "due", Scalar::i64);
  const StateColumn& sender = column_named(section, "sender", Scalar::bytes);
  const StateColumn& name = column_named(section, "name", Scalar::bytes);
  const StateColumn& arguments = column_named(section, "arguments", Scalar::bytes);
  for (std::size_t i = 0; i < section.keys.size(); ++i) {
    Input input{section.keys[i], read<std::int64_t>(due, i), read_text(sender, i),
                read_text(name, i), read_text(arguments, i)};
    waiting_[{input.due, input.number}] = std::move(input);
  }
}

void InputQueue::clear() {
  waiting_.clear();
  next_ = 1;
}

}  // namespace bw
