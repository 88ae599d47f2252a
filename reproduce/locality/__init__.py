"""The default paper: Schneider, "Locality-Promoting Representation Learning"."""
