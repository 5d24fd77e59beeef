"""What is watched: one file a model. Standard library only; imported by everyone."""

from monitors.load import load

__all__ = ["load"]
