"""Reads just one window of a source: files by day or by time, tables of PostgreSQL."""
