"""Queries: which entities or cells of a world, and what of them; one object with a Python builder, a text and
a form for wires.

sim.query("Bird where speed > 2 and within((50, 50), 10) select id, position order by speed desc limit 100")
"""

from bigworlds.query.names import Catalogue
from bigworlds.query.plan import MOST_BYTES, MOST_NEAREST, Plan, plan
from bigworlds.query.query import MOST_CLAUSES, Query
from bigworlds.query.result import Result

__all__ = [
    "MOST_BYTES",
    "MOST_CLAUSES",
    "MOST_NEAREST",
    "Catalogue",
    "Plan",
    "Query",
    "Result",
    "plan",
]
