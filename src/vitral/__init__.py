"""Vitral turns a folder of pictures into a working model.

import vitral as vt

data = vt.open("photos/")
run = vt.train(vt.Classify(size=128), data, epochs=20)
run.model.predict("cat.jpg").label
"""

import gc

# A collection in the middle would look through all of torch's objects, for a third of the time.
_collecting = gc.isenabled()
gc.disable()
try:
    from vitral.core import VERSION as __version__
    from vitral.core import VitralError
    from vitral.data import Loader, PictureSet
    from vitral.data import open_pictures as open
    from vitral.saved import Model, export
    from vitral.tasks import (
        Classified,
        Classify,
        Colorize,
        Colorized,
        Compress,
        Detect,
        Detected,
        Generate,
        Segment,
        Segmented,
    )
    from vitral.train import Run, Trained, resume, train
    from vitral.train import evaluate_model as evaluate
finally:
    if _collecting:
        gc.enable()

load = Model.load

__all__ = [
    "Classified",
    "Classify",
    "Colorize",
    "Colorized",
    "Compress",
    "Detect",
    "Detected",
    "Generate",
    "Loader",
    "Model",
    "PictureSet",
    "Run",
    "Segment",
    "Segmented",
    "Trained",
    "VitralError",
    "__version__",
    "evaluate",
    "export",
    "load",
    "open",
    "resume",
    "train",
]
