"""The command `driftdeck`: a file a group of commands, each as thin as its options allow.

What takes long to import is imported inside the commands, so that `--help` answers at once.
"""

from driftdeck.cli.app import main

__all__ = ["main"]
