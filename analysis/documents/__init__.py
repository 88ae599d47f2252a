"""Reports as blocks of plain data: what these are, and those of tables, plans, claims, audits."""
