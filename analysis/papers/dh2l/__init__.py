"""The mathematics of hierarchical hyperspheres: distances, energies, configurations, figures."""
