"""Which windows are collected, where, and how they are stored."""
