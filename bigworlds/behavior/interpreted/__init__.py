"""Behaviors as plain Python, row by row, through the same C interface and with the same results as compiled
ones."""
