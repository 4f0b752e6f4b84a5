"""Snapshots and tables on disk; the only room that imports h5py.

A snapshot is one HDF5 file with the whole state of a world: written under a hidden name, synced,
renamed, and checked byte by byte before anything of it is used (docs/snapshot-format.md).
"""

from bigworlds.snapshot.file import Meta, check, peek, read, write
from bigworlds.snapshot.folder import file_name, latest, prune
from bigworlds.snapshot.open_columns import held_bytes
from bigworlds.snapshot.partial import PartialFile, WriteError, remove_leftovers
from bigworlds.snapshot.schema import Schema, difference, require_same_model
from bigworlds.snapshot.section import Section
from bigworlds.snapshot.summary import ColumnSummary, SectionSummary, Summary, inspect
from bigworlds.snapshot.tables import TableReader, TableWriter
from bigworlds.snapshot.together import write_together

__all__ = [
    "ColumnSummary",
    "Meta",
    "PartialFile",
    "Schema",
    "Section",
    "SectionSummary",
    "Summary",
    "TableReader",
    "TableWriter",
    "WriteError",
    "check",
    "difference",
    "file_name",
    "held_bytes",
    "inspect",
    "latest",
    "peek",
    "prune",
    "read",
    "remove_leftovers",
    "require_same_model",
    "write",
    "write_together",
]
