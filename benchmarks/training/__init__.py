"""The recipe and the loop that trains a pack of runs."""
