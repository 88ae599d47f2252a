"""The mathematics of the CompactNets paper."""
