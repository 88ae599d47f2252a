"""Penalties that spread vectors over spheres: their settings, and functions for any model."""

from __future__ import annotations
