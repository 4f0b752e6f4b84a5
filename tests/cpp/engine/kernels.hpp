// kernels.hpp: behaviors in plain C++ by the ABI, for the tests of the engine: a small zoo whose
// animals see each other, move, graze, hunt, breed, die, change their kind and leave scent on cells
// that diffuse it.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/philox.hpp"
#include "bigworlds/behavior_abi.h"

namespace bw::engine_tests {

// The parameter block of the zoo's models.
struct Parameters {
  double radius = 1.0;
  std::int64_t dims = 2;
  std::int64_t integral = 0;
  std::int64_t periodic = 0;
  double step = 1.0;
  double birth = 0.1;
  double death = 0.1;
};

inline char* bytes_at(const bw_call* call, int column, std::int64_t row) {
  return call->columns[column].data + row * call->columns[column].stride;
}
template <class T>
T& at(const bw_call* call, int column, std::int64_t row) {
  return *reinterpret_cast<T*>(bytes_at(call, column, row));
}
template <class T>
const T& of_other(const bw_call* call, int reach, int column, std::uint32_t slot) {
  const bw_column& values = call->reaches[reach].columns[column];
  return *reinterpret_cast<const T*>(values.data + slot * values.stride);
}
template <class T>
const T& of_cell(const bw_call* call, int cells, int column, std::int64_t row) {
  const bw_column& values = call->cells[cells].columns[column];
  return *reinterpret_cast<const T*>(values.data + row * values.stride);
}

// Axes of the world, as an index.
inline std::size_t axes(const bw_call* call) {
  return std::min<std::size_t>(
      3, static_cast<std::size_t>(reinterpret_cast<const Parameters*>(call->parameters)->dims));
}
inline const Parameters& parameters(const bw_call* call) {
  return *reinterpret_cast<const Parameters*>(call->parameters);
}

inline std::array<double, 3> read_place(const bw_call* call, const char* from) {
  const Parameters& p = parameters(call);
  std::array<double, 3> place{};
  for (std::size_t a = 0; a < axes(call); ++a) {
    if (p.integral != 0) {
      std::int32_t cell;
      std::memcpy(&cell, from + a * sizeof(cell), sizeof(cell));
      place[a] = cell;
    } else {
      std::memcpy(&place[a], from + a * sizeof(double), sizeof(double));
    }
  }
  return place;
}

inline void write_place(const bw_call* call, char* to, const std::array<double, 3>& place) {
  const Parameters& p = parameters(call);
  for (std::size_t a = 0; a < axes(call); ++a) {
    const auto cell = static_cast<std::int32_t>(place[a]);
    p.integral != 0 ? std::memcpy(to + a * sizeof(cell), &cell, sizeof(cell))
                    : std::memcpy(to + a * sizeof(double), &place[a], sizeof(double));
  }
}

// A step to a place nearby; in a bounded world it stops at the edge, in a periodic one it may end
// beyond.
inline std::array<double, 3> stroll(const bw_call* call, std::array<double, 3> place,
                                    RandomStream& draw) {
  const Parameters& p = parameters(call);
  for (std::size_t a = 0; a < axes(call); ++a) {
    const double way = p.step * (2.0 * draw.uniform() - 1.0);
    place[a] += p.integral != 0 ? std::floor(way + 0.5) : way;
    if (p.periodic == 0) {
      const double last = p.integral != 0 ? call->extent[a] - 1.0 : call->extent[a];
      place[a] = std::clamp(place[a], 0.0, last);
    }
  }
  return place;
}

// Bytes that a place takes in a record.
inline std::int64_t place_in_record(const Parameters& p) {
  return p.integral != 0 ? (p.dims * 4 + 7) / 8 * 8 : p.dims * 8;
}

inline RandomStream stream_of(const bw_call* call, std::int64_t row) {
  return {call->rng_key, call->ids[row], call->tick};
}

// Calls body(row) for the rows of a kernel call, sequential or not.
template <class Body>
std::int32_t for_rows(bw_call* call, std::int64_t begin, std::int64_t end, Body&& body) {
  for (std::int64_t i = begin; i < end; ++i) {
    const std::int64_t row = call->order != nullptr ? call->order[i] : i;
    if (body(row) != BW_OK || call->services->commit(call, row) != BW_OK) {
      call->failed_row = row;
      return BW_FAILED;
    }
  }
  return BW_OK;
}

// A number that depends on who the neighbours are, what they have, where they are and in which
// order they come.
template <class Value>
double look_around(bw_call* call, std::int64_t row, int reach, Value&& value) {
  const std::int64_t count = call->services->gather(call, reach, row);
  double sum = 0.0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint32_t slot = call->hits.slots[i];
    sum = sum * 0.75 + value(slot) + 1e-3 * call->hits.distance2[i] +
          1e-9 * static_cast<double>(call->reaches[reach].ids[slot] % 97);
    for (std::size_t a = 0; a < axes(call); ++a) {
      sum += 1e-4 * call->hits.offset[a][i];
    }
  }
  return sum + static_cast<double>(count);
}

// columns: position (w), energy (rw), seen (w); reach 0: Animal.energy
inline std::int32_t wander(bw_call* call, std::int64_t begin, std::int64_t end) {
  return for_rows(call, begin, end, [&](std::int64_t row) {
    RandomStream draw = stream_of(call, row);
    const double felt = look_around(
        call, row, 0, [&](std::uint32_t slot) { return of_other<double>(call, 0, 0, slot); });
    at<std::int64_t>(call, 2, row) = call->hits.count;
    at<double>(call, 1, row) += 0.01 * std::fmod(felt, 10.0) - 0.05;
    char* place = bytes_at(call, 0, row);
    write_place(call, place, stroll(call, read_place(call, place), draw));
    return BW_OK;
  });
}

// The same, but stays where it is: columns: energy (rw), seen (w)
inline std::int32_t look(bw_call* call, std::int64_t begin, std::int64_t end) {
  return for_rows(call, begin, end, [&](std::int64_t row) {
    const double felt = look_around(
        call, row, 0, [&](std::uint32_t slot) { return of_other<double>(call, 0, 0, slot); });
    at<double>(call, 0, row) += 0.01 * std::fmod(felt, 10.0) - 0.04;
    at<std::int64_t>(call, 1, row) = call->hits.count;
    return BW_OK;
  });
}

// columns: position (rw), energy (rw); moves, and some end in the same turn
inline std::int32_t roam(bw_call* call, std::int64_t begin, std::int64_t end) {
  return for_rows(call, begin, end, [&](std::int64_t row) {
    RandomStream draw = stream_of(call, row);
    char* place = bytes_at(call, 0, row);
    write_place(call, place, stroll(call, read_place(call, place), draw));
    at<double>(call, 1, row) -= 0.1;
    if (draw.uniform() < parameters(call).death) {
      call->services->despawn(call, row);
    }
    if (draw.uniform() < parameters(call).birth) {
      char* lamb = call->services->spawn(call, 0, row);  // position, energy
      write_place(call, lamb, stroll(call, read_place(call, place), draw));
      const double energy = 0.5 * at<double>(call, 1, row);
      std::memcpy(lamb + place_in_record(parameters(call)), &energy, sizeof(energy));
    }
    return BW_OK;
  });
}

// columns: position (r), energy (rw), fed (w); claim 0: Grass.grown; cells 0: Grass.scent
inline std::int32_t graze(bw_call* call, std::int64_t begin, std::int64_t end) {
  return for_rows(call, begin, end, [&](std::int64_t row) {
    RandomStream draw = stream_of(call, row);
    const auto place = read_place(call, bytes_at(call, 0, row));
    const std::int64_t cell = call->services->cell_at(call, 0, place.data());
    if (cell >= 0) {
      at<double>(call, 1, row) += 0.001 * of_cell<double>(call, 0, 0, cell);
    }
    call->services->claim(call, 0, row, place.data(),
                          1 + static_cast<std::int64_t>(draw.integers(3)));
    const auto beside = stroll(call, place, draw);
    call->services->claim(call, 0, row, beside.data(), 1);
    return BW_OK;
  });
}

// Hunters. columns: position (r), energy (rw), caught (w); claims 0 and 1: agents of two kinds
inline std::int32_t hunt(bw_call* call, std::int64_t begin, std::int64_t end) {
  return for_rows(call, begin, end, [&](std::int64_t row) {
    RandomStream draw = stream_of(call, row);
    const auto place = read_place(call, bytes_at(call, 0, row));
    at<double>(call, 1, row) -= 0.02;
    if (draw.uniform() < 0.5) {
      call->services->claim(call, 0, row, place.data(),
                            1 + static_cast<std::int64_t>(draw.integers(2)));
    }
    if (draw.uniform() < 0.5) {
      call->services->claim(call, 1, row, place.data(), 1);
    }
    return BW_OK;
  });
}

// columns: energy (rw), fed (r), caught (r): gains what it was granted
inline std::int32_t digest_food(bw_call* call, std::int64_t begin, std::int64_t end) {
  return for_rows(call, begin, end, [&](std::int64_t row) {
    at<double>(call, 0, row) += 0.3 * static_cast<double>(at<std::int64_t>(call, 1, row) +
                                                          2 * at<std::int64_t>(call, 2, row));
    return BW_OK;
  });
}

// columns: position (r), energy (r); deposit 0: Grass.scent
inline std::int32_t mark(bw_call* call, std::int64_t begin, std::int64_t end) {
  return for_rows(call, begin, end, [&](std::int64_t row) {
    RandomStream draw = stream_of(call, row);
    auto place = read_place(call, bytes_at(call, 0, row));
    call->services->deposit(call, 0, row, place.data(),
                            draw.uniform() + 0.1 * std::fmod(at<double>(call, 1, row), 7.0));
    place = stroll(call, place, draw);
    call->services->deposit(call, 0, row, place.data(), -0.25 * draw.uniform());
    return BW_OK;
  });
}

// columns: energy (r); change 0: a component of the hunters is attached (its record: one number),
// or detached
inline std::int32_t turn(bw_call* call, std::int64_t begin, std::int64_t end) {
  return for_rows(call, begin, end, [&](std::int64_t row) {
    RandomStream draw = stream_of(call, row);
    const double p = draw.uniform();
    if (p < 0.1) {
      const double strength = at<double>(call, 0, row);
      std::memcpy(call->services->attach(call, 0, row), &strength, sizeof(strength));
    } else if (p < 0.2) {
      call->services->detach(call, 0, row);
    }
    if (draw.uniform() < 0.05) {
      call->services->detach(call, 0, row);
    }
    return BW_OK;
  });
}

// Worlds without a space. columns: energy (rw); spawn 0: energy
inline std::int32_t fade(bw_call* call, std::int64_t begin, std::int64_t end) {
  return for_rows(call, begin, end, [&](std::int64_t row) {
    RandomStream draw = stream_of(call, row);
    at<double>(call, 0, row) += draw.uniform() - 0.5;
    if (draw.uniform() < parameters(call).death) {
      call->services->despawn(call, row);
    }
    for (int child = 0; child < 2; ++child) {
      if (draw.uniform() < 0.5 * parameters(call).birth) {
        const double energy = at<double>(call, 0, row) + child;
        std::memcpy(call->services->spawn(call, 0, row), &energy, sizeof(energy));
      }
    }
    return BW_OK;
  });
}

// cells: columns: scent (rw), grown (rw); reach 0: Grass.scent of the cells around; spawn 0 now and
// then
inline std::int32_t diffuse(bw_call* call, std::int64_t begin, std::int64_t end) {
  for (std::int64_t row = begin; row < end; ++row) {
    RandomStream draw = stream_of(call, row);
    const double around = look_around(
        call, row, 0, [&](std::uint32_t slot) { return of_other<double>(call, 0, 0, slot); });
    double& scent = at<double>(call, 0, row);
    scent = 0.6 * scent + 0.01 * std::fmod(around, 20.0);
    std::int64_t& grown = at<std::int64_t>(call, 1, row);
    grown = std::min<std::int64_t>(grown + static_cast<std::int64_t>(draw.integers(2)), 4);
  }
  return BW_OK;
}

// cells: columns: grown (r); reach 0: Animal.energy; spawn 0: an animal in the cell
inline std::int32_t sprout(bw_call* call, std::int64_t begin, std::int64_t end) {
  for (std::int64_t row = begin; row < end; ++row) {
    RandomStream draw = stream_of(call, row);
    const double around = look_around(
        call, row, 0, [&](std::uint32_t slot) { return of_other<double>(call, 0, 0, slot); });
    if (around < 1.0 && draw.uniform() < 0.02) {
      char* record = call->services->spawn(call, 0, row);
      std::array<double, 3> place{};
      for (std::size_t a = 0; a < axes(call); ++a) {
        place[a] = std::floor(draw.uniform() * call->extent[a]);
      }
      write_place(call, record, place);
    }
  }
  return BW_OK;
}

// Exclusive grids. columns: position (rw), energy (r): to a random empty cell, or a step to the
// side
inline std::int32_t settle_down(bw_call* call, std::int64_t begin, std::int64_t end) {
  return for_rows(call, begin, end, [&](std::int64_t row) {
    RandomStream draw = stream_of(call, row);
    char* place = bytes_at(call, 0, row);
    if (draw.uniform() < 0.3) {
      if (call->services->random_empty(call, draw.word()) == 0) {
        write_place(call, place, {call->place[0], call->place[1], call->place[2]});
      }
    } else if (draw.uniform() < 0.5) {
      write_place(call, place, stroll(call, read_place(call, place), draw));
    }
    return BW_OK;
  });
}

// Exclusive grids. columns: position (r), energy (r); spawn 0: now and then a child in an empty
// cell, or beside
inline std::int32_t breed_apart(bw_call* call, std::int64_t begin, std::int64_t end) {
  return for_rows(call, begin, end, [&](std::int64_t row) {
    RandomStream draw = stream_of(call, row);
    if (draw.uniform() < parameters(call).death) {
      call->services->despawn(call, row);
    }
    for (int child = 0; child < 2; ++child) {
      if (draw.uniform() >= parameters(call).birth ||
          call->services->random_empty(call, draw.word()) != 0) {
        continue;
      }
      char* record = call->services->spawn(call, 0, row);
      write_place(call, record,
                  child == 0 ? std::array<double, 3>{call->place[0], call->place[1], call->place[2]}
                             : stroll(call, read_place(call, bytes_at(call, 0, row)), draw));
    }
    return BW_OK;
  });
}

}  // namespace bw::engine_tests
