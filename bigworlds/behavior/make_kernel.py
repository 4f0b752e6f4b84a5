"""Makes the kernel of a behavior of any kind."""

from __future__ import annotations

from bigworlds.behavior.behavior import Behavior, BehaviorKind
from bigworlds.behavior.kernel import CellShape, Kernel
from bigworlds.data.resource import Resource, resources_of, whole_layout
from bigworlds.errors import ModelError


def make_kernel(
    behavior: Behavior,
    parameters: type | None,
    *,
    sequential: bool,
    interpret: bool,
    around: tuple[int, ...] = (),
    by_cell: CellShape | None = None,
) -> Kernel:
    """See Behavior.kernel."""
    _check(behavior, parameters, sequential)
    match behavior.kind:
        case BehaviorKind.NATIVE:
            assert behavior.native is not None
            return behavior.native
        case BehaviorKind.VECTORISED:
            from bigworlds.behavior.vectorised import vectorised_kernel

            return vectorised_kernel(behavior, parameters)
        case BehaviorKind.INTERPRETED:
            from bigworlds.behavior.interpreted.kernel import python_kernel

            return python_kernel(behavior, parameters, behavior.function, translated=False)
    if interpret:
        from bigworlds.behavior.interpreted.kernel import python_kernel, translated_function

        function = translated_function(behavior.program)
        return python_kernel(behavior, parameters, function, translated=True)
    return _compiled(behavior, parameters, sequential, around, by_cell)


def _compiled(
    behavior: Behavior,
    parameters: type | None,
    sequential: bool,
    around: tuple[int, ...],
    by_cell: CellShape | None,
) -> Kernel:
    """The compiled kernel. It keeps nothing between calls, so all simulations of a process share one."""
    from bigworlds.behavior.compiled.compile import compiled_kernel

    layout = whole_layout(parameters)
    known = (repr(layout) if layout else "", sequential, around, by_cell)
    if known not in behavior.kernels:
        address, keepalive = compiled_kernel(behavior, layout, sequential, around, by_cell)
        behavior.kernels[known] = Kernel(address, False, keepalive, spans=behavior.over_cells)
    return behavior.kernels[known]


def _check(behavior: Behavior, parameters: type | None, sequential: bool) -> None:
    what = f"behavior {behavior.name!r}"
    if behavior.per_tick:
        raise ModelError(f"{what} runs once per tick for the whole world; it has no kernel")
    if sequential and behavior.kind is BehaviorKind.VECTORISED:
        raise ModelError(f"{what} is vectorised: all rows at once; it cannot act one agent after another")
    check_parameters(behavior, parameters)


def check_parameters(behavior: Behavior, parameters: type | None) -> None:
    """A behavior takes the class of parameters that the model has.

    Raises:
        ModelError: it takes another one.
    """
    what = f"behavior {behavior.name!r}"
    for argument in behavior.arguments:
        if argument.what != "parameters":
            continue
        wanted = argument.components[0]
        if issubclass(wanted, Resource):
            if wanted not in resources_of(parameters):
                raise ModelError(
                    f"{what} takes the resource {wanted.__name__}, which the world does not have; write "
                    f"world.resource({wanted.__name__})"
                )
            continue
        if parameters is None or not issubclass(parameters, wanted):
            found = "no parameters" if parameters is None else f"{parameters.__name__}"
            raise ModelError(
                f"{what} takes {wanted.__name__}, the model has {found}; "
                f"write @bw.model({wanted.__name__}) or change the annotation of {argument.name!r}"
            )
