"""Gzipped tars as Go reads them, within limits, and with Go's errors for truncated ones."""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MAX_UNPACKED = 100 * 1024 * 1024
_HEADER = 10
_MAGIC = b"\x1f\x8b\x08"
_END = "unexpected EOF"
_STEP = 256
# The optional parts of gzip's header, after its first ten bytes.
_EXTRA, _NAME, _COMMENT, _SUM = 4, 8, 16, 2


class TarballError(Exception):
    """The bytes are no gzipped tar; *entry* is the entry at the error, empty between two entries."""

    def __init__(self, reason: str, entry: str = "") -> None:
        super().__init__(reason)
        self.entry = entry


class NoGzipError(TarballError):
    """The bytes do not begin as gzip."""


@dataclass(frozen=True)
class TarEntry:
    """One entry; *kind* is tar's number of its type."""

    name: str
    kind: int
    content: bytes

    @property
    def is_file(self) -> bool:
        """Whether it is a plain file, and no link or device."""
        return self.kind == ord(tarfile.REGTYPE)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.kind == ord(tarfile.DIRTYPE)


def entries(archive: bytes) -> Iterator[TarEntry]:
    """
    Yield the entries one by one, up to the end mark of the tar; bytes after it are ignored.

    Raises:
        TarballError: the next one cannot be read, or there are more than MAX_UNPACKED bytes.
    """
    plain, ending = _inflated(archive)
    if not plain:
        if ending:
            raise TarballError(ending)
        return
    position = ""
    try:
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as tar:
            while (member := tar.next()) is not None:
                kind = tarfile.REGTYPE if member.type == tarfile.AREGTYPE else member.type
                position = f"{member.name}/" if kind == tarfile.DIRTYPE else member.name
                opened = tar.extractfile(member) if kind == tarfile.REGTYPE else None
                yield TarEntry(position, ord(kind), b"" if opened is None else opened.read())
                position = ""
    except (tarfile.TarError, ValueError, EOFError, OverflowError) as error:
        cut = str(error) in ("truncated header", "unexpected end of data")
        raise TarballError(ending or _END if cut else "archive/tar: invalid tar header", position) from None


def _inflated(archive: bytes) -> tuple[bytes, str]:
    """Return the inflated bytes as far as they can be read, and the error if they are not complete."""
    packed = archive[_start(archive) :]
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = stream.decompress(packed, MAX_UNPACKED + 1)
        ending = "" if stream.eof else _END
    except zlib.error:
        plain, ending = _until_broken(packed), "flate: corrupt input"
    if len(plain) > MAX_UNPACKED:
        raise TarballError(f"more than {MAX_UNPACKED} bytes when unpacked")
    return plain, ending


def _until_broken(packed: bytes) -> bytes:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    found = bytearray()
    for start in range(0, len(packed), _STEP):
        try:
            found += stream.decompress(packed[start : start + _STEP], MAX_UNPACKED + 1 - len(found))
        except zlib.error:
            break
        if len(found) > MAX_UNPACKED:
            break
    return bytes(found)


def _start(archive: bytes) -> int:
    """Return the start of the compressed bytes, after gzip's header."""
    if not archive:
        raise NoGzipError("EOF")
    if len(archive) < _HEADER:
        raise NoGzipError(_END)
    if not archive.startswith(_MAGIC):
        raise NoGzipError("gzip: invalid header")
    flags, position = archive[3], _HEADER
    if flags & _EXTRA:
        position += 2 + int.from_bytes(archive[position : position + 2], "little")
    for present in (flags & _NAME, flags & _COMMENT):
        if present:
            end = archive.find(b"\0", position)
            position = len(archive) + 1 if end < 0 else end + 1
    position += 2 if flags & _SUM else 0
    if position > len(archive):
        raise NoGzipError(_END)
    return position
