"""Spatial filters out of weight files: Keras HDF5, torch state dicts, safetensors."""

from __future__ import annotations

from benchmarks.weights.reading import Order, SpatialLayer, WeightFile, read, read_file

__all__ = ["Order", "SpatialLayer", "WeightFile", "read", "read_file"]
