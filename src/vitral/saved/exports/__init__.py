"""Models that leave Vitral: an ONNX file, checked against the model before it gets its name."""

from vitral.saved.exports.export import Exported, export

__all__ = ["Exported", "export"]
