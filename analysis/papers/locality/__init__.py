"""locality."""
