"""One window of a monitor: its days, what it is compared with, and what it amounts to."""
