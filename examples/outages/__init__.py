"""Predicted and observed power cuts in two tables, with three known incidents."""
