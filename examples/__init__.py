"""The systems being watched: what a user's own models and tables would be."""
