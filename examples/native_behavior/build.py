"""Builds the behavior: `python build.py` in C++, and in Cython where that is installed."""

import importlib.util
import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

import bigworlds as bw

HERE = Path(__file__).resolve().parent
# No -ffast-math and no contraction: the same bits as in Python, on every machine.
FLAGS = ["-O3", "-Wall", "-Wextra", "-ffp-contract=off", "-fPIC", "-shared", f"-I{bw.get_include()}"]


def compiler(variable: str, default: str) -> list[str]:
    """The compiler, as CXX or CC names it."""
    return shlex.split(os.environ.get(variable, default))


def build_cpp(folder: Path = HERE) -> Path:
    """couple.so of couple.cpp."""
    library = folder / "couple.so"
    source = str(HERE / "couple.cpp")
    subprocess.run([*compiler("CXX", "c++"), "-std=c++17", *FLAGS, source, "-o", str(library)], check=True)
    return library


def build_cython(folder: Path = HERE) -> Path:
    """The extension module couple_cython of couple_cython.pyx."""
    text = folder / "couple_cython.c"
    module = folder / f"couple_cython{sysconfig.get_config_var('EXT_SUFFIX')}"
    source = str(HERE / "couple_cython.pyx")
    subprocess.run([sys.executable, "-m", "cython", "-3", source, "-o", str(text)], check=True)
    python = f"-I{sysconfig.get_path('include')}"
    subprocess.run([*compiler("CC", "cc"), *FLAGS, python, str(text), "-o", str(module)], check=True)
    return module


if __name__ == "__main__":
    print(build_cpp())
    if importlib.util.find_spec("Cython") is not None:
        print(build_cython())
    else:
        print("Cython is not installed; pip install cython, to build couple_cython too")
