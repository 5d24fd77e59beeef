"""Damages days of every kind of source, and looks what that costs others."""
