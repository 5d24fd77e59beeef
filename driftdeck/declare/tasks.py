"""What a model predicts."""

from enum import StrEnum


class Task(StrEnum):
    """What the model predicts: yes or no, one of several classes, or a number."""

    BINARY = "binary"
    CLASSES = "classes"
    REGRESSION = "regression"
