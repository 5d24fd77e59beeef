"""Long runs that look for what seldom happens: processes that are killed at any moment."""
