"""How a window is measured: by an index of the reference, or by Evidently itself."""
