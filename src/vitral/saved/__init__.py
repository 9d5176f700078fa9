"""The model file: written, checked and read; what a training hands over."""

from vitral.saved.late_export import export
from vitral.saved.model import FILE_NAME, Model, PictureLike
from vitral.saved.tensor_file import read_tensors, write_tensors

__all__ = ["FILE_NAME", "Model", "PictureLike", "export", "read_tensors", "write_tensors"]
