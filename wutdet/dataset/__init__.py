"""What the data is: immutable tables, and the layouts they are read from and written to."""

from wutdet.dataset.dataset import Dataset, Frame
from wutdet.dataset.load import load

__all__ = ["Dataset", "Frame", "load"]
