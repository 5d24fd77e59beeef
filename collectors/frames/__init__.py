"""Rows in the declared columns' types, and what the reference says of them."""
