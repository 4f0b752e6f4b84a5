"""Seeing a world: looks, frames, terminal, movies, plots, notebooks. It reads, and changes nothing."""
