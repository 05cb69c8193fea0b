"""Chaincode packages for tests, good and bad."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import Any


def archive(files: dict[str, bytes]) -> bytes:
    """Return a gzipped tar of *files*."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)


def package(label: str = "cc_1", kind: str = "ccaas", metadata: bytes | None = None, **connection: Any) -> bytes:
    """Return a package that runs as a service at the address in *connection*."""
    described = json.dumps({"label": label, "type": kind}).encode() if metadata is None else metadata
    service = {"address": "127.0.0.1:1", "dial_timeout": "10s", **connection}
    code = archive({"connection.json": json.dumps(service).encode()})
    return archive({"metadata.json": described, "code.tar.gz": code})
