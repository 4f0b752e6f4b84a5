// tierra.hpp: the instruction set of the profile `tierra`, read from its table, and genomes in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/checks.hpp"
#include "vm/isa.hpp"

namespace bw::tests {

struct Tierra {
  Tierra() {
    const std::filesystem::path here(BIGWORLDS_SOURCE);
    std::ifstream file(here / "bigworlds/organism/tables/tierra.isa");
    BW_CHECK(file.good(), "the table of the profile is there");
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      int byte = 0;
      std::string name, aliases, family, handler, operands;
      if (!(words >> byte >> name >> aliases >> family >> handler >> operands)) continue;
      rows.push_back({static_cast<std::uint8_t>(byte), handler, operands == "-" ? "" : operands});
      bytes[name] = static_cast<std::uint8_t>(byte);
    }
    set = std::make_shared<InstructionSet>(rows);
  }

  // The bytes of names of instructions.
  std::vector<std::uint8_t> genome(const std::string& names) const {
    std::vector<std::uint8_t> made;
    std::istringstream words(names);
    for (std::string name; words >> name;) made.push_back(bytes.at(name));
    return made;
  }

  // The ancestor of the example primordial.
  std::vector<std::uint8_t> ancestor() const {
    const std::filesystem::path here(BIGWORLDS_SOURCE);
    std::ifstream file(here / "examples/primordial/ancestor.tie");
    std::string names;
    bool in_code = false;
    for (std::string line; std::getline(file, line);) {
      line = line.substr(0, line.find(';'));
      if (in_code) names += line + " ";
      if (line.starts_with("track")) in_code = true;
    }
    return genome(names);
  }

  std::vector<InstructionRow> rows;
  std::shared_ptr<InstructionSet> set;
  std::map<std::string, std::uint8_t> bytes;
};

inline const Tierra& tierra() {
  static const Tierra known;
  return known;
}

}  // namespace bw::tests
