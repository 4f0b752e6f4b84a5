"""Results of the literature that models must show, over seeds."""
