"""The one door to numba's compiler: types and lowers a function, links it into its kernel, optimises, emits
an object.

Numba's own dispatcher, wrappers and cache are not used: the result is one self-contained object file with the
symbol bw_kernel, which object_code.py loads without numba.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import llvmlite.binding as llvm
from numba.core import compiler, types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

from bigworlds.behavior.compiled import limits
from bigworlds.behavior.compiled.entry import Entry
from bigworlds.behavior.compiled.kernel_code import KERNEL_NAME, emit_kernel
from bigworlds.behavior.object_code import target_machine


def _flags() -> Any:
    flags = compiler.Flags()
    flags.enable_pyobject = False
    flags.error_model = "numpy"
    flags.no_cpython_wrapper = True
    flags.no_cfunc_wrapper = True
    flags.no_compile = True
    flags.forceinline = True
    return flags


def build_object(functions: Sequence[Any], entry: Entry) -> bytes:
    """Compiles rewritten functions into an object file that holds their kernel.

    Args:
        functions: the rewritten function, or the halves of it; their arguments have the types of `entry`.
        entry: what the loop over rows needs to know.

    Returns:
        The bytes of the object file.

    Raises:
        numba.core.errors.NumbaError: the function cannot be typed.
    """
    typing, target = cpu_target.typing_context, cpu_target.target_context
    with global_compiler_lock:
        libraries, fndescs = [], {}
        for function in dict.fromkeys(functions):
            library = target.codegen().create_library(function.__qualname__)
            result = compiler.compile_internal(
                typing, target, library, function, entry.types, types.none, _flags(), locals={}
            )
            libraries.append(library)
            fndescs[function] = result.fndesc
        module = libraries[0].create_ir_module(f"{functions[0].__name__}.kernel")
        emit_kernel(module, result.target_context, [fndescs[f] for f in functions], entry)
        linked = llvm.parse_assembly(str(module))
        for library in libraries:
            linked.link_in(library._final_module)
        linked.link_in(llvm.parse_assembly(limits.MODULE))
        for helper in dict.fromkeys(h for library in libraries for h in library._linking_libraries):
            linked.link_in(helper._get_module_for_linking(), preserve=True)
    return _emit(linked)


def _emit(module: Any) -> bytes:
    """Optimises a module down to its kernel and emits it for this processor."""
    machine = target_machine()
    for function in module.functions:
        if not function.is_declaration and function.name != KERNEL_NAME:
            function.linkage = "internal"
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = True
    options.slp_vectorization = True
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return bytes(machine.emit_object(module))
