"""Training through a SLURM queue; submitit is loaded only where something is submitted or run."""
