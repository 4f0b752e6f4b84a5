"""The table of what behaviors may be written with, and what to write instead of everything else.

The documentation's page on behaviors is made from SUPPORTED and INSTEAD.
"""

from __future__ import annotations

import ast

SUPPORTED: dict[str, str] = {
    "values": "bool, int (64 bits, wraps around), float (IEEE double), vec2, vec3, ivec2, ivec3, tuples of "
    "them",
    "operators": "+ - * / // % **, << >> & | ^ ~ on ints, comparisons, `in` tuples written out, "
    "and or not, a if c else b",
    "statements": "assignment (also to several names), += and its like, if, while, for over range, "
    "neighbours, an inbox, a tuple, an array or a list, break, continue, return, raise, assert, pass",
    "builtins": "abs, bool, float, int, len, max, min, range, round",
    "math": "the functions of the math module that behave alike everywhere; floats follow IEEE (x / 0.0 is "
    "inf or nan)",
    "vecs": "+ - between vecs, * and / by numbers, - v, == !=, .x .y .z, v[0], dot, length, length2, "
    "normalized, bw.moore, bw.hex_step",
    "random": "rng.uniform, normal, exponential, integers, choice, bernoulli",
    "names from outside": "numbers, vecs, texts, tuples of them, IntEnum members, functions defined by def; "
    "frozen at declaration",
    "helpers": "functions defined by def, called by behaviors; compiled with the same rules; no recursion",
}

_PER_AGENT = "for any Python at all use an interpreted behavior (kind=bw.Interpreted)"

INSTEAD: dict[str, str] = {
    "Dict": "a dict; use fields or tuples",
    "Set": "a set; use fields or tuples",
    "List": "a list; use a tuple, or a field of type bw.short_list",
    "ListComp": "a list comprehension; write a for loop",
    "SetComp": "a set comprehension; write a for loop",
    "DictComp": "a dict comprehension; write a for loop",
    "GeneratorExp": "a generator expression; write a for loop",
    "Lambda": "a lambda; write a function with def outside of the behavior",
    "FunctionDef": "a function inside; define it outside of the behavior, helpers are compiled too",
    "AsyncFunctionDef": "an async function; define a plain one outside of the behavior",
    "ClassDef": "a class inside; define components outside of the behavior",
    "JoinedStr": "an f-string; texts are constants, except in raise and assert",
    "TemplateStr": "a t-string; texts are constants",
    "Try": "try; test for the condition before, an error ends the run with behavior, entity and tick",
    "TryStar": "try; test for the condition before, an error ends the run with behavior, entity and tick",
    "With": f"with; {_PER_AGENT}",
    "AsyncWith": f"async with; {_PER_AGENT}",
    "AsyncFor": f"async for; {_PER_AGENT}",
    "Yield": "yield; a behavior runs from start to end in every tick, keep what lasts in fields",
    "YieldFrom": "yield; a behavior runs from start to end in every tick, keep what lasts in fields",
    "Await": "await; a behavior runs from start to end in every tick",
    "Import": "import; import at the top of the file",
    "ImportFrom": "import; import at the top of the file",
    "Global": "global; what lasts belongs into fields or parameters",
    "Nonlocal": "nonlocal; what lasts belongs into fields or parameters",
    "Delete": "del; names end with the behavior, fields are set to 0, entities end by me.despawn()",
    "Match": "match; write if and elif",
    "Starred": "*; write the values one by one",
    "Slice": "a slice; write a loop over the indices",
    "TypeAlias": "a type alias; define it outside of the behavior",
}


def advice_for(node: ast.AST) -> str:
    """The message for a construct that behaviors cannot have."""
    name = type(node).__name__
    if name in INSTEAD:
        return f"found {INSTEAD[name]}"
    return f"found {name}, which cannot be compiled; {_PER_AGENT}"
