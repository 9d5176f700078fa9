"""Video: frame by frame, with colors that do not flicker."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.core import ImageError, require
from vitral.data import one_line
from vitral.tasks.colorize.answer import Pixels
from vitral.tasks.colorize.metrics import colors_of
from vitral.tasks.colorize.model import ColorizeModel
from vitral.tasks.colorize.one_pass import painted
from vitral.tasks.colorize.task import Colorize, plane_of

VIDEO_SUFFIXES = frozenset((".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts"))
_MOST_PIXELS = 2**25  # a frame of 8K
# Share of the earlier color that stays where nothing moves.
_KEPT = 0.85
# Change of lightness, on [0, 1], that tells motion, and its mean over a frame that tells a new scene.
_MOTION, _NEW_SCENE = 0.05, 0.12
# What an MP4 file holds without being coded anew.
_KEPT_SOUND = frozenset(("aac", "mp2", "mp3", "ac3", "eac3", "alac", "opus", "flac"))
# What players take untold for films of high definition; here it is told for all. Numbers are those of H.273.
_COLORS, _BT709, _LIMITED = "ITU709", 1, 1
_QUALITY = {"crf": "18", "preset": "fast"}


@dataclass(kw_only=True)
class Smoother:
    """Lets colors stay where the picture stays.

    Each place keeps most of its earlier color while its lightness does not change, and takes the new
    one where something moves or the scene is another.
    """

    _ab: NDArray[np.float32] | None = field(default=None, repr=False)
    _lightness: NDArray[np.float32] | None = field(default=None, repr=False)

    def __call__(
        self, ab: Float[NDArray[np.float32], "h w ab=2"], lightness: Float[NDArray[np.float32], "h2 w2"]
    ) -> Float[NDArray[np.float32], "h w ab=2"]:
        """The colors of the next frame.

        Args:
            ab: as the network found them.
            lightness: of the frame, small, on [0, 1].
        """
        import cv2  # here, because it takes a third of the time to import vitral

        size = (ab.shape[1], ab.shape[0])
        small = np.asarray(cv2.resize(lightness, size, interpolation=cv2.INTER_AREA), np.float32)
        small = small.reshape(ab.shape[:2])
        if self._ab is not None and self._lightness is not None and self._ab.shape == ab.shape:
            change = np.abs(small - self._lightness)
            if change.mean() < _NEW_SCENE:
                kept = (_KEPT * np.exp(-((change / _MOTION) ** 2)))[..., None]
                ab = np.asarray(kept * self._ab + (1 - kept) * ab, np.float32)
        self._ab, self._lightness = ab, small
        return ab


@dataclass(frozen=True, kw_only=True)
class Filmed:
    """How far a film is.

    Args:
        frames: colored so far.
        of: how many the file says it has; 0 where it does not say.
        sound_left_out: the codec of sound that MP4 cannot hold as it is; "" where none was left out.
    """

    frames: int
    of: int = 0
    sound_left_out: str = ""


def color_video(
    task: Colorize, model: ColorizeModel, source: Path, target: BinaryIO, *, vividness: float | None = None
) -> Iterator[Filmed]:
    """Write a video in color, as MP4 (H.264, BT.709), with the sound it had.

    Tells after each frame how far it is. Sound that MP4 cannot hold as it is gets left out, and a damaged
    end is no error; both are told.

    Args:
        task: of the model.
        model: colors the frames.
        source: the video.
        target: an opened file that can be written and sought.
        vividness: colorfulness against photographs; None: that of the task.
    Raises:
        MissingExtra: PyAV is not installed.
        ImageError: the file holds no video, or none that can be decoded.
    """
    av: Any = require("av", extra="video", what="Coloring a video")
    name = one_line(source)
    try:
        with av.open(str(source)) as incoming, av.open(target, "w", format="mp4") as outgoing:
            if not incoming.streams.video:
                raise ImageError(f"{name}: holds no video")
            yield from _colored(av, incoming, outgoing, _Painter(task, model, vividness), name)
    except (av.FFmpegError, OverflowError) as error:
        raise ImageError(f"{name}: {one_line(getattr(error, 'strerror', None) or error)}") from error


class _Painter:
    """Colors one frame after another."""

    def __init__(self, task: Colorize, model: ColorizeModel, vividness: float | None) -> None:
        self._task, self._model, self._smoother = task, model, Smoother()
        self._vividness = task.vividness if vividness is None else vividness

    def __call__(self, pixels: Pixels) -> Pixels:
        """The next frame in color."""
        seen = self._task.glance(self._model, pixels)
        ab = plane_of(colors_of(self._model, seen.scores, self._vividness))
        return painted(pixels, self._smoother(ab, seen.lightness), seen.lightness)


def _colored(av: Any, incoming: Any, outgoing: Any, paint: _Painter, name: str) -> Iterator[Filmed]:
    video = incoming.streams.video[0]
    video.thread_type = "AUTO"
    heard = {one.codec_context.codec.canonical_name: one for one in reversed(incoming.streams.audio)}
    sound = next((one for codec, one in heard.items() if codec in _KEPT_SOUND), None)
    left_out = ", ".join(heard) if sound is None else ""
    copied = None if sound is None else outgoing.add_stream_from_template(sound)
    made: Any = None
    waiting: list[Any] = []
    done = 0
    for packet in incoming.demux([one for one in (video, sound) if one is not None]):
        if packet.stream is not video:
            if packet.dts is not None:
                packet.stream = copied
                waiting.append(packet)
        else:
            for frame in packet.decode():
                pixels = _upright(frame, name)
                if made is None:
                    made = _stream(outgoing, video, pixels)
                new = av.VideoFrame.from_ndarray(paint(pixels), format="rgb24")
                new.pts, new.time_base = frame.pts, frame.time_base
                new = new.reformat(format=made.pix_fmt, dst_colorspace=_COLORS, dst_color_range="MPEG")
                outgoing.mux(made.encode(new))
                done += 1
                yield Filmed(frames=done, of=video.frames, sound_left_out=left_out)
        # The head of the file, which names all streams, is written with the first packet.
        while made is not None and waiting:
            outgoing.mux(waiting.pop(0))
    if made is None:
        raise ImageError(f"{name}: holds no frame that can be decoded")
    outgoing.mux(made.encode(None))


def _upright(frame: Any, name: str) -> Pixels:
    if frame.width * frame.height > _MOST_PIXELS:
        raise ImageError(f"{name}: has frames of {frame.width} x {frame.height} px; the limit is 8K")
    pixels = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(pixels, int(frame.rotation) // 90 % 4))


def _stream(outgoing: Any, video: Any, pixels: Pixels) -> Any:
    height, width = pixels.shape[:2]
    made = outgoing.add_stream("libx264", rate=video.average_rate or 25, options=_QUALITY)
    made.height, made.width = height, width
    # Chroma at half the size needs even sides.
    made.pix_fmt = "yuv420p" if height % 2 == 0 and width % 2 == 0 else "yuv444p"
    about = made.codec_context
    about.time_base = video.time_base
    about.colorspace = about.color_primaries = about.color_trc = _BT709
    about.color_range = _LIMITED
    return made
