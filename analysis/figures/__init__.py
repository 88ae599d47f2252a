"""Figures of panels: one file a kind, the marks and colours of all, and how they are drawn."""
