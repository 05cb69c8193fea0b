"""
Photos that a shopper sends with a return, made safe to keep and to show.

A photo is decoded and encoded again, as a JPEG with only its pixels. So the place where it was taken, the
telephone's number, a second file behind the picture, and whatever else came with it are not kept.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Sequence

from PIL import Image, ImageOps

from gateway import bounds
from gateway.store.photos import ReturnPhoto

MOST = bounds.PHOTOS.most
"""Photos of one request."""
MOST_BYTES = 12 << 20
"""All photos of a request together, as they are sent."""
MOST_ENCODED = MOST_BYTES * 4 // 3 + (64 << 10)
"""A body with all photos of a request in base64."""
TYPES = ("image/jpeg", "image/png", "image/webp")
"""What a photo may be sent as; it is kept as the first of these."""
_FORMATS = tuple(each.removeprefix("image/").upper() for each in TYPES)
_MOST_PIXELS = 40_000_000
_SIDE, _QUALITY = 1600, 78
_SMALL_SIDE, _SMALL_QUALITY = 240, 60
# A decoded photo may take 160 MB, so only one at a time is decoded.
_DECODING = threading.Lock()


class PhotoError(Exception):
    """A file is no photo of a kind that is taken, or it is damaged, or has too many pixels."""


def check_all(sent: Sequence[bytes]) -> None:
    """
    Check by number, size and first bytes that files can be the photos of a request; this costs nothing.

    Raises:
        PhotoError: they cannot.
    """
    if len(sent) > MOST or sum(map(len, sent)) > MOST_BYTES:
        raise PhotoError(f"more than {MOST} photos, or more than {MOST_BYTES >> 20} MB")
    for each in sent:
        check(each)


def check(sent: bytes) -> None:
    """
    Check by its first bytes that a file can be a photo; nothing is decoded.

    Raises:
        PhotoError: it cannot.
    """
    try:
        with Image.open(io.BytesIO(sent), formats=_FORMATS) as found:
            width, height = found.size
    except Exception as error:  # noqa: BLE001  What Pillow raises depends on the place that is damaged.
        raise PhotoError(f"not a photo: {type(error).__name__}") from None
    if not 0 < width * height <= _MOST_PIXELS:
        raise PhotoError(f"{width} x {height} pixels")


def read(sent: bytes) -> ReturnPhoto:
    """
    Return a photo as it is kept, from the bytes that somebody sent.

    Raises:
        PhotoError: the bytes are no JPEG, PNG or WebP, whatever they are called; or damaged; or too many pixels.
    """
    check(sent)
    try:
        with _DECODING, Image.open(io.BytesIO(sent), formats=_FORMATS) as found:
            # A JPEG is decoded no larger than it is needed.
            found.draft("RGB", (_SIDE, _SIDE))
            pixels = _plain(_upright(found))
            pixels.thumbnail((_SIDE, _SIDE))
            content = _jpeg(pixels, _QUALITY)
            pixels.thumbnail((_SMALL_SIDE, _SMALL_SIDE))
            small = _jpeg(pixels, _SMALL_QUALITY)
    except Exception as error:  # noqa: BLE001  As in ``check``.
        raise PhotoError(f"a damaged photo: {type(error).__name__}") from None
    return ReturnPhoto(hashlib.sha256(content).hexdigest(), content, small)


def read_all(sent: Sequence[bytes]) -> list[ReturnPhoto]:
    """Return the photos of a request as they are kept, each once; raises what ``read`` raises."""
    return list({each.digest: each for each in map(read, sent)}.values())


def _upright(found: Image.Image) -> Image.Image:
    """Return the picture upright, by its EXIF orientation; a damaged orientation is ignored."""
    found.load()
    try:
        return ImageOps.exif_transpose(found)
    except Exception:  # noqa: BLE001  As in ``check``.
        return found


def _plain(found: Image.Image) -> Image.Image:
    """Return the picture in RGB; transparent parts become white."""
    if "A" in found.getbands() or "transparency" in found.info:
        layered = found.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(white, layered).convert("RGB")
    return found.convert("RGB")


def _jpeg(pixels: Image.Image, quality: int) -> bytes:
    """Return a JPEG of the pixels and of nothing else."""
    bare = Image.new("RGB", pixels.size)
    bare.paste(pixels)
    written = io.BytesIO()
    bare.save(written, "JPEG", quality=quality, optimize=True)
    return written.getvalue()
