// specimen.hpp: one organism alone, watched instruction by instruction: what `gestation` measures
// and `trace` shows.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "organism/tile.hpp"

namespace bw {

struct Daughter {
  std::uint64_t instructions = 0;  // the specimen's until this birth, `divide` included
  std::uint32_t moved = 0;         // instructions that it copied into her
  std::vector<std::uint8_t> genome;
};

class Specimen {
 public:
  // `host` is another organism in the same soup, which never has a turn; empty: none.
  // The rules are `settings` without mutation.
  Specimen(std::shared_ptr<const InstructionSet> set, const SoupSettings& settings,
           std::span<const std::uint8_t> genome, std::span<const std::uint8_t> host);

  // Executes up to so many instructions, or until a birth; returns how many.
  std::uint64_t run(std::uint64_t instructions);

  std::uint64_t instructions() const { return tile_.counts().instructions; }
  const std::vector<Daughter>& daughters() const { return daughters_; }
  const Organism& organism() const { return tile_.organisms()[0]; }
  const Soup& soup() const { return tile_.soup(); }

 private:
  bool step();

  Tile tile_;
  std::vector<Daughter> daughters_;
};

}  // namespace bw
