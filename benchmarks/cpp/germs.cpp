// germs.cpp: an epidemic (SIR) on a contact graph by hand, in plain C++, one thread.
//
//   germs [activation=synchronous|sequential] [network=random|small_world] [size=small|large | n=N]
//   [contacts=C] [infected=I] [transmission=B] [recovery=G] [ticks=T] [seed=S]
//
// Contacts lie in one array, person after person (compressed sparse rows); a state is a byte. A
// susceptible person counts the ill among its contacts and escapes each with probability 1 - B; an
// ill one recovers with probability G. synchronous: all at once, on the states before the step.
// sequential: one after another in a fresh random order, on what those before have left.
// attack_rate is the share of persons who are or were ill, ill_share of those who are.
#include <algorithm>

#include "program.hpp"

namespace {

using baseline::Random;

enum State : uint8_t { kSusceptible = 0, kIll = 1, kRecovered = 2 };

struct Settings {
  uint32_t persons = 0, contacts = 0, ill = 0;
  double transmission = 0, recovery = 0;
  int64_t ticks = 0;
};

using Edge = std::pair<uint32_t, uint32_t>;

Edge ordered(uint32_t a, uint32_t b) {
  return {std::min(a, b), std::max(a, b)};
}

// Exactly n c / 2 edges, each set of them as likely (Erdos and Renyi 1959).
std::vector<Edge> random_edges(const Settings& settings, Random& random) {
  const size_t wanted = size_t{settings.persons} * settings.contacts / 2;
  std::vector<Edge> edges;
  while (edges.size() < wanted) {
    while (edges.size() < wanted) {
      const uint32_t a = random.below(settings.persons), b = random.below(settings.persons);
      if (a != b) edges.push_back(ordered(a, b));
    }
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  }
  return edges;
}

// A ring on which a tenth of the edges is led elsewhere (Watts and Strogatz 1998).
std::vector<Edge> small_world_edges(const Settings& settings, Random& random) {
  const uint32_t n = settings.persons;
  std::vector<Edge> edges;
  for (uint32_t person = 0; person < n; ++person) {
    for (uint32_t far = 1; far <= settings.contacts / 2; ++far) {
      uint32_t other = (person + far) % n;
      if (random.uniform() < 0.1) {
        do other = random.below(n);
        while (other == person);
      }
      edges.push_back(ordered(person, other));
    }
  }
  std::sort(edges.begin(), edges.end());
  // Where an edge was led to one that is there, there is one less: a few of a million.
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return edges;
}

class Town {
 public:
  Town(const Settings& settings, const std::string& network, uint64_t seed);
  void step_together();
  void step_one_by_one();
  double share(State least, State most) const;

 private:
  State after(uint32_t person, const std::vector<uint8_t>& states);

  Settings settings_;
  Random random_;
  std::vector<uint32_t> begin_, contacts_;  // of person p: from begin_[p] to begin_[p + 1]
  std::vector<uint8_t> states_, next_;
  std::vector<uint32_t> order_;
  std::vector<double> escape_;  // by number of ill contacts
};

Town::Town(const Settings& settings, const std::string& network, uint64_t seed)
    : settings_(settings),
      random_(seed),
      begin_(settings.persons + 2),
      states_(settings.persons),
      next_(settings.persons),
      order_(settings.persons) {
  const std::vector<Edge> edges =
      network == "random" ? random_edges(settings, random_) : small_world_edges(settings, random_);
  for (const auto& [a, b] : edges) {
    ++begin_[a + 2];
    ++begin_[b + 2];
  }
  for (size_t p = 2; p < begin_.size(); ++p) begin_[p] += begin_[p - 1];
  contacts_.resize(2 * edges.size());
  for (const auto& [a, b] : edges) {
    contacts_[begin_[a + 1]++] = b;
    contacts_[begin_[b + 1]++] = a;
  }
  uint32_t most = 0;
  for (uint32_t p = 0; p < settings.persons; ++p) most = std::max(most, begin_[p + 1] - begin_[p]);
  for (uint32_t ill = 0; ill <= most; ++ill) {
    escape_.push_back(std::pow(1.0 - settings.transmission, ill));
  }
  for (uint32_t p = 0; p < settings.persons; ++p) order_[p] = p;
  std::fill_n(states_.begin(), settings.ill, uint8_t{kIll});
}

State Town::after(uint32_t person, const std::vector<uint8_t>& states) {
  const auto state = static_cast<State>(states[person]);
  if (state == kIll) return random_.uniform() < settings_.recovery ? kRecovered : kIll;
  if (state == kRecovered) return kRecovered;
  uint32_t ill = 0;
  for (uint32_t k = begin_[person]; k < begin_[person + 1]; ++k)
    ill += states[contacts_[k]] == kIll;
  return ill > 0 && random_.uniform() >= escape_[ill] ? kIll : kSusceptible;
}

void Town::step_together() {
  for (uint32_t person = 0; person < settings_.persons; ++person) {
    next_[person] = after(person, states_);
  }
  states_.swap(next_);
}

void Town::step_one_by_one() {
  random_.shuffle(order_);
  for (const uint32_t person : order_) states_[person] = after(person, states_);
}

double Town::share(State least, State most) const {
  const auto count = std::count_if(states_.begin(), states_.end(),
                                   [&](uint8_t state) { return state >= least && state <= most; });
  return static_cast<double>(count) / static_cast<double>(states_.size());
}

Settings settings_of(const baseline::Arguments& arguments) {
  Settings settings;
  const bool small = arguments.choice("size", {"small", "large"}) == "small";
  settings.persons = arguments.number<uint32_t>("n", small ? 1000 : 200'000);
  settings.contacts = arguments.number<uint32_t>("contacts", 8);
  settings.ill = arguments.number<uint32_t>("infected", std::max(1u, settings.persons / 100));
  settings.transmission = arguments.number("transmission", 0.03);
  settings.recovery = arguments.number("recovery", 0.1);
  settings.ticks = arguments.number<int64_t>("ticks", 100);
  if (settings.contacts % 2 != 0) baseline::refuse("contacts must be even");
  if (settings.persons < 2 * settings.contacts + 2 || settings.persons > (1u << 28)) {
    baseline::refuse("n must be more than twice the contacts, and at most 2^28");
  }
  if (settings.ill > settings.persons) baseline::refuse("infected must be at most n");
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  const baseline::Arguments arguments(argc, argv,
                                      {"activation", "network", "size", "n", "contacts", "infected",
                                       "transmission", "recovery", "ticks", "seed"});
  const std::string activation = arguments.choice("activation", {"synchronous", "sequential"});
  const std::string network = arguments.choice("network", {"random", "small_world"});
  const Settings settings = settings_of(arguments);
  const auto seed = arguments.number<uint64_t>("seed", 1);
  Town town(settings, network, seed);
  const double cpu = baseline::cpu_seconds(), wall = baseline::wall_seconds();
  for (int64_t tick = 0; tick < settings.ticks; ++tick) {
    activation == "synchronous" ? town.step_together() : town.step_one_by_one();
  }
  const double cpu_spent = baseline::cpu_seconds() - cpu;
  const double wall_spent = baseline::wall_seconds() - wall;
  const double acted = static_cast<double>(settings.persons) * static_cast<double>(settings.ticks);
  baseline::Report report("germs");
  report.timing("person-step", acted, cpu_spent, wall_spent)
      .parameter("activation", activation)
      .parameter("network", network)
      .parameter("n", settings.persons)
      .parameter("contacts", settings.contacts)
      .parameter("infected", settings.ill)
      .parameter("transmission", settings.transmission)
      .parameter("recovery", settings.recovery)
      .parameter("ticks", settings.ticks)
      .parameter("seed", seed)
      .metric("attack_rate", town.share(kIll, kRecovered))
      .metric("ill_share", town.share(kIll, kIll));
  report.print();
}
