"""Compiled behaviors: the user's function as numba types and LLVM code, ending in an object file with one
kernel.

Numba and llvmlite are imported in this folder only, and only when a kernel is asked for.
"""
