"""The structured-sparsity draft's mathematics."""
