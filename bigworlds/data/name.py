"""Names: the component by which single entities are known by a text of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bigworlds.data.component import Component
from bigworlds.data.fields import string
from bigworlds.errors import ModelError

LONGEST_NAME = 64
"""The longest name, in bytes of UTF-8."""


class Name(Component):
    """The name of an entity, which no other has: `world.spawn(Person, names=["ann", "bob"])`.

    It is a component as any other: it travels, is in snapshots and in the digest, and behaviors may ask for
    it. `sim.named("ann")` gives the id.
    """

    text: string[LONGEST_NAME]  # type: ignore[valid-type]


def check_names(where: str, new: Iterable[str], known: Iterable[str] = ()) -> list[str]:
    """New names that are texts, not empty, each once and not known.

    Raises:
        ModelError: one is not so.
    """
    names = list(new)
    for name in names:
        if not isinstance(name, str) or not name or "\0" in name:
            raise ModelError(f"{where}: names are texts that are not empty; found {name!r}")
    counts = Counter([*names, *set(known)])
    twice = sorted({name for name in names if counts[name] > 1})
    if twice:
        raise ModelError(f"{where}: a name belongs to one entity; found {twice[0]!r} more than once")
    return names
