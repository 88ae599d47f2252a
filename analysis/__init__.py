"""Pure functions over one long-form DataFrame: tests, intervals, verdicts, figures and LaTeX."""
