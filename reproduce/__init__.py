"""The command: table scripts, and what launches, stores, resumes and reports their runs."""
