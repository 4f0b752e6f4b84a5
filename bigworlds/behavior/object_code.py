"""Object files of kernels: the processor they are made for, loading them, and the cache on disk.

Loading needs llvmlite only, so a cached kernel is ready without importing numba. A cached file begins with
a checksum of what follows and is used only if it fits; files are written under a temporary name and renamed.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm

_DIGEST_SIZE = 32
CACHE_LIMIT = 2000  # object files in the cache folder; the longest unused go first


@functools.cache
def _target() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_triple(llvm.get_process_triple())


def processor() -> str:
    """The name and features of this machine's processor, as LLVM knows it."""
    return f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"


def target_machine() -> Any:
    """LLVM's code generator for this processor, at the highest optimisation that keeps IEEE arithmetic."""
    return _target().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        reloc="pic",
        codemodel="jitdefault",
        jit=True,
    )


class LoadedObject:
    """Machine code in memory; it stays there as long as this object lives.

    Args:
        code: bytes of an object file.
    """

    def __init__(self, code: bytes) -> None:
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine())
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """The address of a function in it."""
        return int(self._engine.get_function_address(name))


def cache_folder() -> Path:
    """The folder of compiled kernels: $BIGWORLDS_CACHE, or the user's cache folder of the system."""
    given = os.environ.get("BIGWORLDS_CACHE")
    if given:
        return Path(given)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "bigworlds"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bigworlds"


def cached(key: str) -> bytes | None:
    """The object file stored under a key, or None where there is none or it is damaged."""
    file = cache_folder() / f"{key}.o"
    try:
        stored = file.read_bytes()
    except OSError:
        return None
    code = stored[_DIGEST_SIZE:]
    if hashlib.sha256(code).digest() != stored[:_DIGEST_SIZE]:
        return None
    with contextlib.suppress(OSError):
        os.utime(file)
    return code


def keep(key: str, code: bytes) -> None:
    """Stores an object file under a key. A folder that cannot be written is no error: the next run compiles
    again."""
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, suffix=".tmp")
        with os.fdopen(handle, "wb") as out:
            out.write(hashlib.sha256(code).digest() + code)
        os.replace(temporary, folder / f"{key}.o")
        _forget_oldest(folder)
    except OSError:
        return


def _forget_oldest(folder: Path) -> None:
    """Keeps the cache within its limit. Files that another process takes away meanwhile do not matter."""
    files = [entry for entry in os.scandir(folder) if entry.name.endswith(".o")]
    if len(files) <= CACHE_LIMIT:
        return
    for entry in sorted(files, key=lambda e: e.stat().st_mtime)[: len(files) - CACHE_LIMIT]:
        with contextlib.suppress(OSError):
            os.unlink(entry.path)
