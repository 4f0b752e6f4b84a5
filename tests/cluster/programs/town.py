"""A model for the command line: agents that move, are born and end, and change the edges of two graphs."""

from tests.graph.worlds import town

__all__ = ["town"]
