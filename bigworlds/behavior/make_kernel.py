"""Makes the kernel of a behavior of any kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bigworlds.behavior.kernel import Kernel
from bigworlds.errors import ModelError

if TYPE_CHECKING:
    from bigworlds.behavior.behavior import Behavior


def make_kernel(behavior: Behavior, parameters: type | None, *, sequential: bool, interpret: bool) -> Kernel:
    """See Behavior.kernel."""
    _check_parameters(behavior, parameters)
    layout: Any = getattr(parameters, "__bw_layout__", None)
    from bigworlds.behavior.compiled.compile import compiled_kernel

    address, keepalive = compiled_kernel(behavior, layout, sequential)
    return Kernel(address, False, keepalive)


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
