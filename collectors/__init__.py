"""Windows of data in, rows of metrics out."""
