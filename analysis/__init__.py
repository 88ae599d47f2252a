"""From runs to reports: pure functions of what they are given. Nothing here loads torch."""
