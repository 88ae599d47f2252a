"""Documents in the terminal, as LaTeX, on the page, and as files."""
