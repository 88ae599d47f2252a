"""The β-LASSO paper."""
