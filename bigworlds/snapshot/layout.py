"""Where the arrays of a snapshot stand in its file: HDF5 lays out a file that it never fills.

HDF5 runs on a file that only remembers what is written to it. The datasets are contiguous,
allocated when they are created and never filled, so all that HDF5 writes is its own description of
the file; what comes out is that description, piece by piece, and the offset of every dataset. The
bytes of the arrays then go to the disk as fast as plain files are written.
"""

from __future__ import annotations

import bisect
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import h5py
import numpy as np

ALIGNMENT = 64
"""Every array starts at a multiple of this many bytes: a cache line, and any type that a column
has."""

INDEX_PATH = "index"
"""The dataset that holds the snapshot's index, a JSON text."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset to be laid out: its path in the file, its type in little-endian order, its
    shape."""

    path: str
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of its data."""
        return math.prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True, slots=True)
class Layout:
    """A laid-out file.

    Attributes:
        offsets: where each dataset's data starts, counted from the file's first byte, in the order
            given; 0 for one without data.
        index: the index's text.
        index_offset: where it stands.
        pieces: (offset, bytes) of all that HDF5 wrote, sorted, without overlap.
        file_bytes: length of the whole file.
    """

    offsets: tuple[int, ...]
    index: bytes
    index_offset: int
    pieces: tuple[tuple[int, bytes], ...]
    file_bytes: int


class _RememberedFile(io.RawIOBase):
    """A file without content that remembers the bytes written to it and where: what HDF5 is given
    as its file."""

    def __init__(self) -> None:
        super().__init__()
        self.size = 0
        self._written: list[tuple[int, bytes]] = []
        self._position = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves to an offset from the start, from here, or from the end."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        """Where the next write goes."""
        return self._position

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        """Keeps a copy of the bytes."""
        content = bytes(data)
        self._written.append((self._position, content))
        self._position += len(content)
        self.size = max(self.size, self._position)
        return len(content)

    def truncate(self, size: int | None = None) -> int:
        """Sets the length."""
        self.size = self._position if size is None else size
        return self.size

    def pieces(self) -> tuple[tuple[int, bytes], ...]:
        """All that was written, sorted by offset, in stretches that do not touch; of two writes to
        one place the later stands."""
        stretches: list[tuple[int, bytearray]] = []
        for offset, content in sorted(self._written, key=lambda write: write[0]):
            if not stretches or offset > stretches[-1][0] + len(stretches[-1][1]):
                stretches.append((offset, bytearray()))
            start, stretch = stretches[-1]
            stretch.extend(bytes(max(0, offset + len(content) - start - len(stretch))))
        starts = [start for start, _ in stretches]
        for offset, content in self._written:
            start, stretch = stretches[bisect.bisect_right(starts, offset) - 1]
            stretch[offset - start : offset - start + len(content)] = content
        return tuple((start, bytes(stretch)) for start, stretch in stretches)


def lay_out(
    datasets: Sequence[Dataset], user_block_bytes: int, index_of: Callable[[Sequence[int]], bytes]
) -> Layout:
    """Lays out one HDF5 file with these datasets and an index.

    Args:
        datasets: in the order in which their data shall stand in the file.
        user_block_bytes: what HDF5 leaves free at the start, a power of two from 512 on.
        index_of: makes the index's text from the datasets' offsets.

    Returns:
        The layout; nothing is written anywhere.
    """
    file = _RememberedFile()
    with h5py.File(
        file,
        "w",
        userblock_size=user_block_bytes,
        libver=("earliest", "v110"),
        alignment_threshold=1,
        alignment_interval=ALIGNMENT,
    ) as hdf5:
        offsets = tuple(_allocate(hdf5, dataset) for dataset in datasets)
        index = index_of(offsets)
        text = Dataset(INDEX_PATH, np.dtype(f"S{len(index)}"), ())
        index_offset = _allocate(hdf5, text)
    return Layout(offsets, index, index_offset, file.pieces(), file.size)


def _allocate(hdf5: h5py.File, dataset: Dataset) -> int:
    """Creates a dataset with room for its data, unfilled; returns the data's offset in the file."""
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_layout(h5py.h5d.CONTIGUOUS)
    creation.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    creation.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    creation.set_obj_track_times(False)  # the same state gives the same bytes
    link = h5py.h5p.create(h5py.h5p.LINK_CREATE)
    link.set_create_intermediate_group(True)
    link.set_char_encoding(h5py.h5t.CSET_UTF8)
    space = h5py.h5s.create_simple(dataset.shape) if dataset.shape else h5py.h5s.create(h5py.h5s.SCALAR)
    stored = h5py.h5t.py_create(dataset.dtype, logical=True)
    made = h5py.h5d.create(hdf5.id, dataset.path.encode(), stored, space, dcpl=creation, lcpl=link)
    return int(made.get_offset()) if dataset.nbytes else 0
