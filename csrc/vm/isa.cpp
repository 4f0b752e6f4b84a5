// isa.cpp: a table of instructions is checked and becomes addresses of code.
#include "vm/isa.hpp"

#include <algorithm>
#include <bit>
#include <optional>

#include "base/errors.hpp"
#include "vm/interpreter.hpp"

namespace bw {

namespace {

struct Known {
  Handler handler;
  const char* name;
  const char* operands;
};

constexpr Known kCatalogue[] = {
#define BW_VM_ENTRY(id, name, operands) {Handler::id, name, operands},
    BW_VM_HANDLERS(BW_VM_ENTRY)
#undef BW_VM_ENTRY
};

std::string what(const InstructionRow& row) {
  return row.operands.empty() ? "'" + row.handler + "'"
                              : "'" + row.handler + "' on '" + row.operands + "'";
}

Handler handler_of(const InstructionRow& row) {
  std::string known;
  for (const Known& entry : kCatalogue) {
    if (row.handler == entry.name && row.operands == entry.operands) return entry.handler;
    if (row.handler == entry.name) known += std::string(known.empty() ? "" : ", ") + entry.operands;
  }
  throw UserError("no handler " + what(row) + " for the instruction of byte " +
                  std::to_string(row.byte) +
                  (known.empty() ? std::string("; the catalogue is in csrc/vm/isa.hpp")
                                 : "; '" + row.handler + "' works on: " + known));
}

}  // namespace

InstructionSet::InstructionSet(const std::vector<InstructionRow>& rows, Simd simd) {
  if (rows.empty()) throw UserError("an instruction set needs at least one instruction");
  std::array<bool, 256> taken{};
  for (const InstructionRow& row : rows) {
    const std::string byte = std::to_string(row.byte);
    if (row.byte == kEdge) throw UserError("byte 255 cannot be an instruction: it ends a soup");
    if (taken[row.byte]) throw UserError("two instructions have the byte " + byte);
    taken[row.byte] = true;
    handlers_[row.byte] = handler_of(row);
    if ((handlers_[row.byte] == Handler::nop) != (row.byte <= kTemplate1)) {
      throw UserError(
          "bytes 0 and 1 are the nops that templates are made of, and no others are; "
          "byte " +
          byte + " is " + what(row));
    }
    bytes_.push_back(row.byte);
  }
  std::sort(bytes_.begin(), bytes_.end());
  bits_ = static_cast<std::uint32_t>(std::bit_width(bytes_.back()));
  for (const bool flawed : {false, true}) {
    Code& code = code_[flawed ? 1 : 0];
    code.run = interpreter_for(simd, flawed);
    code.targets = interpreter_targets(code.run, handlers_);
  }
}

}  // namespace bw
