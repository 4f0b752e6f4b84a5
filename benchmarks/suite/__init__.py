"""asv benchmarks: the workloads of benchmarks/ratios.py at sizes that take a second, to see them over time.

`time_*` are seconds of a call, `track_*` figures with a unit of their own. All worlds run on one thread from
one seed; a benchmark's setup has run the world for some ticks, so that memory is warm.
"""
