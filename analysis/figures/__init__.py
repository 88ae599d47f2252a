"""Marks, style and kinds of figures."""
