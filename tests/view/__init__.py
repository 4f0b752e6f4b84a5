"""Tests of the view: what is drawn, sent to terminals, and written to files."""
