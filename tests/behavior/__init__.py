"""Tests of the front end of behaviors."""
