"""Sequential reference models in plain Python and NumPy, written to be read beside the rules they follow.

Each module holds one model, its published sizes in ``SIZES`` and a function ``run`` that returns the
outcome of one seed as a dictionary of plain numbers. They share nothing with the engine, so that the
engine's outcomes can be compared with theirs in distribution.
"""
