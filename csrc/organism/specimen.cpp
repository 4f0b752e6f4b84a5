// specimen.cpp: steps of the one organism that has turns.
#include "organism/specimen.hpp"

#include <utility>

namespace bw {

namespace {

SoupSettings without_mutation(SoupSettings settings) {
  settings.mutation = no_mutation();
  return settings;
}

}  // namespace

Specimen::Specimen(std::shared_ptr<const InstructionSet> set, const SoupSettings& settings,
                   std::span<const std::uint8_t> genome, std::span<const std::uint8_t> host)
    : tile_(std::move(set), without_mutation(settings), 0, 0) {
  tile_.put(genome);
  if (!host.empty()) tile_.put(host);
}

// The specimen asks for all memory itself, so it never dies and keeps the first place.
bool Specimen::step() {
  const std::uint32_t moved = organism().moved;
  const std::uint32_t births = organism().births;
  const std::uint64_t before = instructions();
  tile_.advance(0, 1);
  if (organism().births == births) return false;
  const Organism& child = tile_.organisms().back();
  const std::span<const std::uint8_t> genome = soup().contents().subspan(child.start, child.size);
  daughters_.push_back({before + 1, moved, {genome.begin(), genome.end()}});
  return true;
}

std::uint64_t Specimen::run(std::uint64_t instructions) {
  for (std::uint64_t done = 0; done < instructions;) {
    ++done;
    if (step()) return done;
  }
  return instructions;
}

}  // namespace bw
