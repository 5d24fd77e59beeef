"""Kills collectors in the midst of a training, and compares what is stored in the end."""
