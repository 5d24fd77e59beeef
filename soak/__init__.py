"""Runs that try to break the collectors, by the thousand; each ends with a table of what broke."""
