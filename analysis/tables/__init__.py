"""Analysed tables: their cells and comparisons, what is claimed of them, what moves them."""
