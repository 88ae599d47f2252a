"""Images per second of plain PyTorch, of a bare loop and of ours, side by side in one run."""
