"""Makes the kernel of a behavior of any kind."""

from __future__ import annotations

from typing import Any

from bigworlds.behavior.behavior import Behavior, BehaviorKind
from bigworlds.behavior.kernel import Kernel
from bigworlds.errors import ModelError


def make_kernel(behavior: Behavior, parameters: type | None, *, sequential: bool, interpret: bool) -> Kernel:
    """See Behavior.kernel."""
    _check_parameters(behavior, parameters)
    layout: Any = getattr(parameters, "__bw_layout__", None)
    if behavior.kind is BehaviorKind.COMPILED and interpret:
        from bigworlds.behavior.interpreted.kernel import python_kernel, translated_function

        return python_kernel(behavior, layout, translated_function(behavior.program), translated=True)
    if behavior.kind is BehaviorKind.INTERPRETED:
        from bigworlds.behavior.interpreted.kernel import python_kernel

        return python_kernel(behavior, layout, behavior.function, translated=False)
    from bigworlds.behavior.compiled.compile import compiled_kernel

    # Compiled kernels keep nothing between calls, so all simulations of a process share one.
    known = (repr(layout), sequential)
    if known not in behavior.kernels:
        address, keepalive = compiled_kernel(behavior, layout, sequential)
        behavior.kernels[known] = Kernel(address, False, keepalive)
    return behavior.kernels[known]


def _check_parameters(behavior: Behavior, parameters: type | None) -> None:
    for argument in behavior.arguments:
        if argument.what != "parameters":
            continue
        wanted = argument.components[0]
        if parameters is None or not issubclass(parameters, wanted):
            found = "no parameters" if parameters is None else f"{parameters.__name__}"
            raise ModelError(
                f"behavior {behavior.name!r} takes {wanted.__name__}, the model has {found}; "
                f"write @bw.model({wanted.__name__}) or change the annotation of {argument.name!r}"
            )
