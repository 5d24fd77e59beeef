"""Thresholds found on the reference, and judged again over what is stored."""
