/* behavior_abi.h: the plain C contract between the engine and a behavior's kernel.
 *
 * A behavior, of whatever kind (compiled Python, vectorised, interpreted, C, C++, Cython), ends in
 * one function, the kernel, that the engine calls on ranges of rows of one table:
 *
 *     int32_t kernel(bw_call* call, int64_t begin, int64_t end);
 *
 * What holds for every kernel:
 *  - It writes only the rows begin..end-1 of the columns that the behavior declared as written, and
 *    computes row i from row i, the parameters, and what `call` gives it of others. It keeps no
 * state between calls: the engine cuts ranges as it likes and runs them on several threads, each
 * with a bw_call of its own.
 *  - Others are seen as they were at the start of the phase (in a sequential behavior: as they
 * are).
 *  - It returns BW_OK, or BW_FAILED with call->failed_row set; a failed row is left as it was.
 *  - All pointers are valid during the call only. hits and records returned by services are valid
 * until the next call of the same service.
 *
 * This is the only header that is installed. Every change of layout raises BW_ABI_VERSION.
 */
#ifndef BIGWORLDS_BEHAVIOR_ABI_H
#define BIGWORLDS_BEHAVIOR_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BW_ABI_VERSION 4

enum { BW_OK = 0, BW_FAILED = 1 };

/* Of services->link. */
enum { BW_NEW_EDGE = -1 };

/* Names of PyCapsules that carry a kernel. */
#define BW_KERNEL_CAPSULE "bigworlds.kernel.v4"

/* A strided column: the value of a row stands at data + row * stride. */
typedef struct bw_column {
  char* data;
  int64_t stride; /* bytes */
} bw_column;

/* The neighbours of one agent, in an order made of (cell, id), on graphs of ids: same on any number
 * of ranks and threads. Graphs have neither offsets nor distances (NULL). */
typedef struct bw_hits {
  int64_t count;
  const uint32_t* slots; /* rows of bw_reach columns */
  const double*
      offset[3]; /* x, y, z from the agent to the other (shortest way in a periodic world) */
  const double* distance2; /* squared distance; on grids squared length of the cell offset, of
                              hexagons the squared number of steps */
  const uint32_t* edges;   /* graphs: rows of bw_reach edge_columns; NULL elsewhere */
} bw_hits;

/* The cells around a cell: the k-th neighbour of the cell in row r stands in row r + steps[k]. */
typedef struct bw_stencil {
  int64_t count;
  const int64_t* steps;
  const double* offset[3];
  const double* distance2;
} bw_stencil;

/* Cells that lie side by side, with the same neighbours in the world: those at an edge of a bounded
 * world have fewer. */
typedef struct bw_span {
  int64_t begin; /* rows */
  int64_t end;
  int64_t shape; /* which of the stencils of each reach is theirs */
} bw_span;

/* Grids with at most one agent a cell, for kernels that look at the cells themselves: who stands
 * where, by cell of the rank's part of the world and a border around it. A kernel that asks for
 * this (ReachUse.by_cell) finds what it reads of others by cell, not by slot. */
typedef struct bw_occupants {
  const uint8_t* occupied;  /* by cell: 0 where no agent of the kind stands; readable 8 cells beyond
                               the end */
  bw_column places;         /* int32 per axis: where the table's rows were at the start */
  int64_t strides[3];       /* cells from a place to the next along each axis */
  int64_t origin;           /* the cell of the place 0, 0, 0 (it may lie outside) */
  int64_t neighbor_count;   /* the cells around a cell, in the order of places: */
  const int64_t* neighbors; /* from the cell to each of them */
  int64_t run_count;        /* the same in runs of eight cells that lie side by side: */
  const int64_t* runs;      /* from the cell to the first of each run */
  const uint64_t* lanes;    /* by run: byte k is 1 where its k-th cell is a neighbour, else 0 */
  /* The same from cells of odd lines (y odd), which look around in another way where cells are
   * hexagons; elsewhere equal to the two above. */
  const int64_t* odd_neighbors;
  const int64_t* odd_runs;
  int64_t coded; /* the column of bytes whose value, plus 1, `occupied` tells of those who stand
                    there; -1: it tells of none */
} bw_occupants;

/* What a behavior reads of others through one Neighbors argument. */
typedef struct bw_reach {
  const bw_column* columns;      /* indexed by the order in which the behavior declared them */
  const uint64_t* ids;           /* entity ids (cell indices for cells) by slot */
  const bw_column* edge_columns; /* graphs only */
  int64_t slot_count;
  const bw_stencil* stencils;    /* of cells around cells, by shape; else NULL */
  const bw_occupants* occupants; /* for kernels that look at cells; else NULL */
  const double* places; /* continuous spaces: x, y (z) of the others, by slot; an image beyond a
                           periodic edge stands in a slot of its own. The values of each column
                           stand side by side then. NULL elsewhere; not for sequential behaviors */
} bw_reach;

/* The components of cells that a behavior reads at places (read only). */
typedef struct bw_cells {
  const bw_column* columns;
} bw_cells;

/* Records of one event channel that wait for one agent: count records of `stride` bytes. A record
 * is a uint64_t sender id followed by the fields in declared order, each 8-byte aligned. */
typedef struct bw_inbox {
  int64_t count;
  const char* records;
  int64_t stride;
} bw_inbox;

struct bw_call;

/* What the engine does for a kernel. `reach`, `effect`, ... are the positions at which the behavior
 * declared its arguments of that kind, from 0. `row` is always a row of the table in hand. */
typedef struct bw_services {
  /* Finds the neighbours of a row into call->hits; returns their count. The search centre is the
   * agent's place at the start of the phase (sequential: now). The agent itself is not among them.
   */
  int64_t (*gather)(struct bw_call* call, int64_t reach, int64_t row);

  /* Orders a new entity by prototype `effect`; returns its record (bw_prototype layout: the fields
   * of the prototype in declared order, each 8-byte aligned), filled with defaults, to be
   * overwritten. It is born at the end of the phase. NULL when the limit on births is reached:
   * return BW_FAILED. */
  char* (*spawn)(struct bw_call* call, int64_t effect, int64_t row);

  /* Orders the end of the row's entity at the end of the phase. */
  void (*despawn)(struct bw_call* call, int64_t row);

  /* Orders a component to be attached to (record to fill, as in spawn) or detached from the row's
   * entity. */
  char* (*attach)(struct bw_call* call, int64_t effect, int64_t row);
  void (*detach)(struct bw_call* call, int64_t effect, int64_t row);

  /* Claims up to `count` of the things of claim `effect` at a place (cell coordinates, or a
   * position in a continuous world). What was granted is written into the claim's column by the end
   * of the phase (sequential: before this returns). */
  void (*claim)(struct bw_call* call, int64_t effect, int64_t row, const double* place,
                int64_t count);

  /* Adds to a cell's field at a place; amounts are summed in fixed point (2^-32), so order cannot
   * matter. An amount that is no finite number below 2^31 in size is an error of the row. */
  void (*deposit)(struct bw_call* call, int64_t effect, int64_t row, const double* place,
                  double amount);

  /* Sends an event; returns its record (the fields in declared order, each 8-byte aligned) to fill.
   * target: an entity id, or 0 for all who listen. delay: ticks to wait beyond the next phase. */
  char* (*send)(struct bw_call* call, int64_t effect, int64_t row, uint64_t target, int64_t delay);

  /* The events of channel `effect` that wait for this row, in (sender id, ordinal) order. */
  bw_inbox (*inbox)(struct bw_call* call, int64_t effect, int64_t row);

  /* The row of bw_cells columns at a place, or -1 outside the world. */
  int64_t (*cell_at)(struct bw_call* call, int64_t cells, const double* place);

  /* A uniformly random empty cell of the grid, chosen by the 64 random bits `word`, into
   * call->place. Returns 0, or -1 where no cell is empty. */
  int64_t (*random_empty)(struct bw_call* call, uint64_t word);

  /* Sequential behaviors: makes what the row has just written visible to those who act after it. A
   * row that has not moved and wrote nothing that is read of others need not be committed.
   * Returns BW_OK, or BW_FAILED where it moved onto an occupied cell of an exclusive grid. */
  int32_t (*commit)(struct bw_call* call, int64_t row);

  /* The engine's mathematics: one implementation on every machine (csrc/base/math.hpp). */
  double (*sin)(double);
  double (*cos)(double);
  double (*tan)(double);
  double (*asin)(double);
  double (*acos)(double);
  double (*atan)(double);
  double (*atan2)(double, double);
  double (*sinh)(double);
  double (*cosh)(double);
  double (*tanh)(double);
  double (*exp)(double);
  double (*expm1)(double);
  double (*log)(double);
  double (*log1p)(double);
  double (*log2)(double);
  double (*log10)(double);
  double (*pow)(double, double);
  double (*cbrt)(double);
  double (*hypot)(double, double);
  double (*fmod)(double, double);
  double (*normal)(uint64_t);      /* standard normal deviate of a random word */
  double (*exponential)(uint64_t); /* unit exponential deviate of a random word */

  /* The same as gather for several rows at once: those from `first` on, at most `count` of them.
   * Returns for how many rows it did so, at least one. Their hits stand in call->rows_hits one
   * after another, those of row first + i from call->hit_starts[i] to call->hit_starts[i + 1]. They
   * stay valid until the next call of gather_rows; gather leaves them alone. */
  int64_t (*gather_rows)(struct bw_call* call, int64_t reach, int64_t first, int64_t count);

  /* Orders an edge of graph `effect` from the row's entity to `target` (in an undirected graph:
   * between the two) at the end of the phase; returns its record (the fields in declared order,
   * each 8-byte aligned) to fill. fields: BW_NEW_EDGE for an edge with the whole record as its
   * data, whether or not there is one already; else the fields (bit k: the k-th) that are written
   * to the edge that is there. NULL where the target is the entity itself, or a limit is reached:
   * return BW_FAILED. */
  char* (*link)(struct bw_call* call, int64_t effect, int64_t row, uint64_t target, int64_t fields);

  /* Orders the end of that edge at the end of the phase; nothing where there is none. */
  void (*unlink)(struct bw_call* call, int64_t effect, int64_t row, uint64_t target);

  /* How fast column `column` of the cells argument `cells` grows along each axis, per unit length,
   * at the cell of a place: half the difference of the two cells beside it, at an edge of a bounded
   * world the whole difference to the one. Of hexagons the plane that fits the six around best,
   * with x along a line, y across the lines, and 1 between the centres of neighbours. Into
   * gradient[0..2]. Returns BW_OK, or BW_FAILED outside of the world. */
  int32_t (*gradient)(struct bw_call* call, int64_t cells, int64_t column, const double* place,
                      double* gradient);

  /* The same as gather_rows, in continuous spaces, without offsets and distances: an offset is the
   * slot's place minus the row's in call->hit_centers. For synchronous behaviors; NULL in
   * sequential ones. */
  int64_t (*gather_slots)(struct bw_call* call, int64_t reach, int64_t first, int64_t count);
} bw_services;

typedef struct bw_call {
  uint32_t version;     /* BW_ABI_VERSION of the engine */
  uint32_t struct_size; /* sizeof(bw_call) of the engine */
  int64_t tick;
  uint64_t rng_key;    /* Philox key of this behavior's random stream: made of (seed, stream) */
  const uint64_t* ids; /* of the table's rows */
  const bw_column* columns; /* own columns, in the order in which the behavior declared them */
  const char*
      parameters; /* the model's parameters, 8-byte slots at the offsets of its declaration */
  const bw_reach* reaches; /* by Neighbors argument */
  const bw_cells* cells;   /* by Here / Cells argument */
  const bw_services* services;
  const uint32_t*
      order;    /* sequential behaviors: the kernel handles rows order[begin..end-1]; else NULL */
  bw_hits hits; /* result of gather */
  double place[3];            /* result of random_empty */
  double extent[3];           /* size of the world (cells of a grid); 0 where it has no such axis */
  int64_t failed_row;         /* set before returning BW_FAILED */
  void* engine;               /* the engine's own */
  bw_hits rows_hits;          /* result of gather_rows */
  const uint32_t* hit_starts; /* result of gather_rows */
  const bw_span* spans; /* kernels that take spans (compiled ones over cells): the kernel handles
                           the rows of spans[begin..end-1]; else NULL */
  const double* hit_centers; /* result of gather_slots: x, y (z) of each row */
} bw_call;

typedef int32_t (*bw_kernel)(bw_call* call, int64_t begin, int64_t end);

/* Shared libraries export one of these per behavior as `bw_behavior_<name>`. */
typedef struct bw_behavior {
  uint32_t version; /* BW_ABI_VERSION that it was built with */
  uint32_t reserved;
  bw_kernel kernel;
} bw_behavior;

#ifdef __cplusplus
}
#endif
#endif
