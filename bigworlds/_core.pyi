"""Types of the compiled core: one section a room, in the order of csrc/bindings/module.cpp."""

from collections.abc import Callable, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

# What exports its bytes: bytes, bytearray, memoryview, arrays.
_Buffer = bytes | bytearray | memoryview | npt.NDArray[Any]
_Floats = npt.NDArray[np.float64]
_Words = npt.NDArray[np.uint64]
_Column = tuple[tuple[int, int], npt.NDArray[Any]]
_Section = tuple[str, str, _Words, dict[str, npt.NDArray[Any]]]

# --- the behavior ABI ----------------------------------------------------------------------------------

ABI_VERSION: int

def abi_layout() -> dict[str, int]:
    """Byte offsets of the members of behavior_abi.h ("bw_call.tick") and sizes ("sizeof.bw_call")."""

# --- base ----------------------------------------------------------------------------------------------

class math:  # noqa: N801 (the name of a submodule)
    """The engine's mathematics, element by element with broadcasting: the same bits on every machine.

    A submodule. Arguments are converted to float64 (words to uint64); scalars give a float, arrays an array.
    """

    @overload
    @staticmethod
    def sin(x: float) -> float: ...
    @overload
    @staticmethod
    def sin(x: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def cos(x: float) -> float: ...
    @overload
    @staticmethod
    def cos(x: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def tan(x: float) -> float: ...
    @overload
    @staticmethod
    def tan(x: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def asin(x: float) -> float: ...
    @overload
    @staticmethod
    def asin(x: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def acos(x: float) -> float: ...
    @overload
    @staticmethod
    def acos(x: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def atan(x: float) -> float: ...
    @overload
    @staticmethod
    def atan(x: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def sinh(x: float) -> float: ...
    @overload
    @staticmethod
    def sinh(x: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def cosh(x: float) -> float: ...
    @overload
    @staticmethod
    def cosh(x: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def tanh(x: float) -> float: ...
    @overload
    @staticmethod
    def tanh(x: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def exp(x: float) -> float: ...
    @overload
    @staticmethod
    def exp(x: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def expm1(x: float) -> float: ...
    @overload
    @staticmethod
    def expm1(x: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def log(x: float) -> float: ...
    @overload
    @staticmethod
    def log(x: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def log1p(x: float) -> float: ...
    @overload
    @staticmethod
    def log1p(x: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def log2(x: float) -> float: ...
    @overload
    @staticmethod
    def log2(x: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def log10(x: float) -> float: ...
    @overload
    @staticmethod
    def log10(x: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def cbrt(x: float) -> float: ...
    @overload
    @staticmethod
    def cbrt(x: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def atan2(y: float, x: float) -> float: ...
    @overload
    @staticmethod
    def atan2(y: npt.ArrayLike, x: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def pow(x: float, y: float) -> float: ...
    @overload
    @staticmethod
    def pow(x: npt.ArrayLike, y: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def hypot(x: float, y: float) -> float: ...
    @overload
    @staticmethod
    def hypot(x: npt.ArrayLike, y: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def fmod(x: float, y: float) -> float: ...
    @overload
    @staticmethod
    def fmod(x: npt.ArrayLike, y: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def normal(word: int) -> float: ...
    @overload
    @staticmethod
    def normal(word: npt.ArrayLike) -> _Floats: ...
    @overload
    @staticmethod
    def exponential(word: int) -> float: ...
    @overload
    @staticmethod
    def exponential(word: npt.ArrayLike) -> _Floats: ...

class ExactSum:
    """An exact sum of doubles, rounded once: no order of terms and merges changes a bit of it."""

    def __init__(self) -> None: ...
    def add(self, values: npt.ArrayLike) -> None:
        """Adds all elements, converted to float64. Runs without the GIL."""

    def merge(self, other: ExactSum) -> None:
        """Adds the terms of another sum."""

    def value(self) -> float:
        """The sum, rounded to the nearest double."""

    def to_bytes(self) -> bytes:
        """The sum as bytes for another process: equal for equal sums."""

    @staticmethod
    def from_bytes(bytes: bytes) -> ExactSum:
        """The sum that to_bytes gave."""

class IntegerSum:
    """An exact sum of integers, in 128 bits."""

    def __init__(self) -> None: ...
    def add_signed(self, values: npt.ArrayLike) -> None:
        """Adds all elements, converted to int64. Runs without the GIL."""

    def add_unsigned(self, values: npt.ArrayLike) -> None:
        """Adds all elements, converted to uint64. Runs without the GIL."""

    def merge(self, other: IntegerSum) -> None:
        """Adds the terms of another sum."""

    def value(self) -> float:
        """The sum, rounded to the nearest double."""

    def integer(self) -> int:
        """The sum itself."""

    def to_bytes(self) -> bytes:
        """The sum as bytes for another process: equal for equal sums."""

    @staticmethod
    def from_bytes(bytes: bytes) -> IntegerSum:
        """The sum that to_bytes gave."""

def simd() -> str:
    """Which variants of hot loops run here: scalar, avx2 or avx512; BIGWORLDS_SIMD lowers the choice."""

def services_address() -> int:
    """Address of a bw_services table of which the mathematical entries are set."""

def rng_key(seed: int, stream: str) -> int:
    """The Philox key of a random stream; seed: 0 .. 2^64 - 1."""

def random_words(key: int, tick: int, ids: npt.ArrayLike, first: int, count: int) -> _Words:
    """Words first .. first + count - 1 of each id in a tick, shape (n, count). Runs without the GIL."""

def hash128(bytes: _Buffer, seed: int = 0) -> int:
    """The stable 128-bit hash of a contiguous buffer."""

def digest_column(room: str, name: str, keys: npt.ArrayLike, values: npt.ArrayLike) -> int:
    """The sum mod 2^128 of H(room, name, key, bytes) over rows (docs: the digest). Runs without the GIL."""

def joined_checksum(before: int, after: int, after_size: int) -> int:
    """The CRC-32C of two ranges of bytes, one behind the other, of their checksums."""

def checksum(buffer: _Buffer, before: int = 0) -> int:
    """The CRC-32C of a contiguous buffer; `before`: that of the bytes before it. Runs without the GIL."""

# --- engine --------------------------------------------------------------------------------------------

def spread_kernel() -> int:
    """The address of the kernel of fields that diffuse and decay."""

class ModelSpec:
    """A model in the engine's terms: numbered components, space, parameters, phases of behaviors."""

    tiles: int
    seed: int
    def __init__(self) -> None: ...
    def add_component(self, name: str, fields: list[tuple[str, str, int, bytes]]) -> int:
        """Adds a component of fields (name, type code, length, default's bytes); returns its number."""

    def set_domain(
        self,
        kind: str,
        size: Sequence[float],
        periodic: bool,
        exclusive: bool,
        metric: str,
        lattice: Sequence[int],
    ) -> None: ...
    def add_graph(self, edge: int, directed: bool) -> int:
        """Adds a graph, by the component of its edges; returns its number."""

    def set_cells(self, components: Sequence[int]) -> None: ...
    def set_parameters(self, block: bytes) -> None: ...
    def add_channel(self, name: str, fields: list[tuple[str, str, int, bytes]]) -> int: ...
    def add_phase(self, behaviors: list[dict[str, Any]]) -> None: ...

MOST_INPUTS: int
"""Limit of the inputs that wait at a time."""

MOST_INPUT_BYTES: int
"""Limit of the bytes of one input's sender, name and arguments together."""

class Simulation:
    """The running engine of one process, with one or more ranks in it."""

    def __init__(
        self,
        model: ModelSpec,
        *,
        ranks: int,
        processes: object | None,
        threads: int,
        check_values: bool,
        sharing: tuple[str, int, float, Callable[..., Sequence[int]] | None] = ...,
    ) -> None:
        """`sharing` is how tiles are shared out: (kind, ticks between looks at the loads or 0, tolerance,
        what divides graphs or None)."""

    @property
    def tile_owners(self) -> npt.NDArray[np.uint32]:
        """The rank of each tile, a copy."""

    def place_tiles(self, owners: Sequence[int]) -> None:
        """Moves tiles, with all that is in them, to the ranks that are named. Collective, between ticks."""

    @property
    def tiles_moved(self) -> int:
        """How often a tile went to another rank."""
    def run(self, ticks: int, keep_going: Callable[[], bool] | None) -> int:
        """Runs up to so many ticks without the GIL; returns how many. Asks keep_going between ticks."""

    @property
    def tick(self) -> int: ...
    @property
    def seed(self) -> int: ...
    @property
    def ranks(self) -> int: ...
    @property
    def threads(self) -> int: ...
    @property
    def population(self) -> int: ...
    @property
    def phase_seconds(self) -> list[float]: ...
    def measure(self, on: bool) -> None:
        """From here on the time of this process's ticks is measured, or no longer."""

    @property
    def spent(self) -> tuple[list[float], int, int, int]:
        """Of this process: seconds of each part of the tick (compute, halo, migrate, settle, rest, wait), as
        far as they were measured; meetings, messages and bytes sent to other ranks."""

    @property
    def next_id(self) -> int: ...
    def start_rooms(self) -> None: ...
    def count(self, component: int) -> int: ...
    def count_equal(self, component: int, field: int, value: bytes) -> int: ...
    def ids(self, component: int) -> list[int]: ...
    def own_rows(self, count: int, places: list[_Column]) -> npt.NDArray[np.uint32]:
        """Of the next entities of the world those that this process owns, by the column of their places, or,
        where there is none, by their ids."""

    def spawn_own(
        self, components: Sequence[int], count: int, own: npt.NDArray[np.uint32], columns: list[_Column]
    ) -> None:
        """Makes the next entities of the world, of which this process owns some rows; columns have those."""

    def spawn(self, components: Sequence[int], count: int, columns: list[_Column]) -> int: ...
    def despawn(self, ids: _Words, only_check: bool = False) -> int:
        """Ends entities, all of them or, where one is not there, none."""

    def attach(self, ids: _Words, component: int, columns: list[_Column], only_check: bool = False) -> None:
        """Gives entities a component, all of them or none."""

    def detach(self, ids: _Words, component: int, only_check: bool = False) -> None:
        """Takes a component from entities, from all of them or none."""

    def write_all(self, ids: _Words, column: _Column, only_check: bool = False) -> None:
        """Writes a field of entities, of all of them or none; the column has a row for each, or one."""

    def set_cells(self, component: int, field: int, values: npt.NDArray[Any]) -> None: ...
    def set_parameters(self, block: bytes) -> None: ...
    @property
    def parameter_block(self) -> bytes:
        """The block that kernels read: parameters, then resources."""

    def set_trigger(
        self, phase: int, behavior: int, every: int, after: int, at: Sequence[int], enabled: bool
    ) -> None: ...
    def set_cut(self, phase: int, behavior: int, key: int | None) -> None: ...
    def set_act(self, phase: int, behavior: int, act: Callable[[], None]) -> None: ...
    def send(self, channel: int, targets: _Words, record: bytes, delay: int) -> None:
        """Sends an event from outside to each of some entities (0: to all who listen)."""

    def waiting_events(self, channel: int) -> int: ...
    @property
    def dropped_events(self) -> int: ...
    @property
    def events_from_outside(self) -> int:
        """How many were sent from outside since the start of the world."""

    def add_input(self, due: int, sender: str, name: str, arguments: str) -> int:
        """Puts an input into the queue; returns its number."""

    def first_due_input(self) -> tuple[int, str, str, str] | None:
        """Number, sender, name and arguments of the first input that is due at the present tick."""

    def remove_first_input(self) -> None: ...
    @property
    def waiting_inputs(self) -> int: ...
    @property
    def next_input_due(self) -> int | None: ...
    @property
    def next_input_number(self) -> int: ...
    def components_of(self, id: int) -> list[int] | None: ...
    def read(self, id: int, component: int, field: int) -> bytes | None: ...
    def write(self, id: int, component: int, field: int, value: bytes) -> bool: ...
    def read_cell(self, cell: int, component: int, field: int) -> bytes | None: ...
    def write_cell(self, cell: int, component: int, field: int, value: bytes) -> bool: ...
    def digest(self) -> str: ...
    def sections(self) -> list[_Section]: ...
    def load(self, sections: list[_Section]) -> None: ...
    def views(self, component: int, field: int) -> list[tuple[_Words, npt.NDArray[Any]]]: ...
    def owned_cells(self) -> _Words: ...
    def cell_values(self, component: int, field: int) -> npt.NDArray[Any]: ...

# --- values of any length ------------------------------------------------------------------------------

MOST_VALUE_BYTES: int
"""The most bytes of a text, of bytes, or of a list of any length."""

class open_values:  # noqa: N801 (the name of a submodule)
    """Texts, bytes and lists of any length, by their stored bytes. A submodule."""

    @staticmethod
    def of_simulation(simulation: Simulation, component: int, field: int) -> tuple[_Words, _Words, bytes]:
        """Ids, sizes in bytes, and all contents one after another, of the rows of this process."""

    @staticmethod
    def of_rows(call: int, column: int, begin: int, end: int) -> list[bytes]:
        """Contents of rows that a kernel has in hand, by the address of its bw_call."""

    @staticmethod
    def write_rows(call: int, column: int, begin: int, contents: list[bytes]) -> None:
        """Writes contents to rows from `begin` on that a kernel has in hand."""

# --- graph ---------------------------------------------------------------------------------------------

_Ends = tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]

class graph:  # noqa: N801 (the name of a submodule)
    """Graphs: generators over nodes 0 .. n - 1, and the edges of a simulation by a graph's number.

    A submodule. Generators run without the GIL; `key` names their random stream.
    """

    MOST_EDGE_FIELDS: int

    @staticmethod
    def ring(n: int, k: int) -> _Ends: ...
    @staticmethod
    def small_world(n: int, k: int, rewire: float, key: int) -> _Ends: ...
    @staticmethod
    def scale_free(n: int, m: int, key: int) -> _Ends: ...
    @staticmethod
    def independent_edges(n: int, p: float, directed: bool, key: int) -> _Ends: ...
    @staticmethod
    def counted_edges(n: int, count: int, directed: bool, key: int) -> _Ends: ...
    @staticmethod
    def block_edges(sizes: Sequence[int], p: Sequence[float], directed: bool, key: int) -> _Ends: ...
    @staticmethod
    def connect(
        simulation: Simulation, graph: int, sources: _Words, targets: _Words, columns: list[npt.NDArray[Any]]
    ) -> None:
        """Adds edges between agents; `columns`: each field's values, one row for all or one for each."""

    @staticmethod
    def edit(
        simulation: Simulation,
        graph: int,
        what: str,
        sources: _Words,
        targets: _Words,
        fields: Sequence[int],
        columns: list[npt.NDArray[Any]],
        only_check: bool,
    ) -> None:
        """Adds, writes or removes ("add", "write", "remove") edges, all or none; columns of these fields."""

    @staticmethod
    def has(simulation: Simulation, graph: int, sources: _Words, targets: _Words) -> npt.NDArray[np.uint8]:
        """Which of the edges are there. Collective."""

    @staticmethod
    def edges(simulation: Simulation, graph: int) -> tuple[_Words, _Words, list[bytes]]:
        """Sources, targets, and the stored values of each field, in no particular order."""

    @staticmethod
    def edge_count(simulation: Simulation, graph: int) -> int: ...
    @staticmethod
    def dropped_orders(simulation: Simulation) -> int: ...
    @staticmethod
    def edge_keys(sources: _Words, targets: _Words) -> _Words:
        """What edges are called in the list of state."""

# --- query ---------------------------------------------------------------------------------------------

class query:  # noqa: N801 (the name of a submodule)
    """Queries as the core carries them out: bigworlds/query/plan.py writes the plans. A submodule."""

    BLOCK: int

    class Plan:
        def __init__(self, plan: dict[str, Any]) -> None: ...
        def rows(
            self, simulation: Simulation
        ) -> tuple[_Words, list[npt.NDArray[Any]], list[npt.NDArray[Any]]]:
            """Of this process's rows: ids, places in the order by term, values by column as bytes."""

        def groups(self, simulation: Simulation) -> bytes:
            """The aggregates of this process's rows, to be merged. Without the GIL."""

        def merged(self, parts: Sequence[_Buffer]) -> tuple[bytes, _Words, list[list[Any]]]:
            """Keys in their order as bytes, numbers of rows, and each aggregate's values by group."""

# --- organisms -----------------------------------------------------------------------------------------

class organism:  # noqa: N801 (the name of a submodule)
    """Organisms: programs that live in soups. A submodule."""

    class InstructionSet:
        """A checked instruction set; rows are (byte, handler, operands)."""

        def __init__(self, rows: Sequence[tuple[int, str, str]]) -> None: ...

    class Specimen:
        """One organism that has turns, alone in a soup or beside a host."""

        def __init__(self, set: organism.InstructionSet, genome: bytes, host: bytes, cells: int) -> None: ...
        def run(self, instructions: int) -> int:
            """Executes up to so many instructions, or until a birth; returns how many."""
        @property
        def instructions(self) -> int: ...
        @property
        def daughters(self) -> list[tuple[int, int, bytes]]:
            """Of each birth: instructions until it, instructions that were moved, the child's genome."""
        def state(self) -> dict[str, Any]:
            """Registers, stack (the top first), ip, start, the cell at ip, errors, and flags."""

    @staticmethod
    def check_settings(settings: dict[str, Any]) -> None:
        """Throws UserError for rules of soups that cannot be."""
    @staticmethod
    def add_soups(
        model: ModelSpec,
        component: int,
        *,
        set: organism.InstructionSet,
        settings: dict[str, Any],
        instructions: int,
        ancestors: list[bytes],
        migration: float,
        migration_every: int,
    ) -> None:
        """Adds soups, one in each tile, and their phase, behind the phases that the model has."""
    @staticmethod
    def totals(simulation: Simulation) -> list[int]:
        """Of the soups of this process: instructions, births, errors, emigrants, immigrants, organisms, the
        sum of their sizes, deaths by cause, mutations by kind."""
    @staticmethod
    def cells(simulation: Simulation) -> tuple[_Words, npt.NDArray[np.uint8]]:
        """The tiles of this process and their cells, a row a tile; copies."""
