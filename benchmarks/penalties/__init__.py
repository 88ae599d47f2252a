"""One file a paper's idea; each is a small pure thing that a training step applies."""
