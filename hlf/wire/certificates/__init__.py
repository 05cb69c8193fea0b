"""
Read X.509 certificates from outside; only this package does so.

Any bytes give a :class:`Certificate` or an ``IdentityError`` at once; nothing is left to parse, and to fail, later.
This package accepts and refuses what Go's ``encoding/pem`` and ``crypto/x509`` accept and refuse: the nodes of a Fabric
network are Go programs, and a reader of their blocks must come to the same result. The library ``cryptography`` differs
from Go: it refuses names and alternative names that Go reads (some only when a field is accessed, with plain
exceptions), and accepts PEM, times and numbers that Go refuses. So it is used for keys and signatures only.
"""

from __future__ import annotations

from hlf.errors import IdentityError
from hlf.wire.certificates import extensions, names, pem, publickeys
from hlf.wire.certificates.certificate import Certificate, parse
from hlf.wire.certificates.names import Name
from hlf.wire.certificates.publickeys import PublicKey
from hlf.wire.certificates.revocations import RevocationList
from hlf.wire.certificates.revocations import parse as read_revocations

__all__ = ["Certificate", "Name", "PublicKey", "RevocationList"]
__all__ += ["extensions", "names", "parse", "publickeys", "read", "read_all", "read_revocations"]

_KIND = "CERTIFICATE"
_CURE = 'expected a line "-----BEGIN CERTIFICATE-----" with nothing before it on that line, not even a byte order mark'


def read(text: bytes) -> Certificate:
    """
    Return the certificate in the first PEM block of *text*, as a peer reads an identity.

    The label of the block and whatever follows it are ignored.

    Raises:
        IdentityError: there is no block, or no certificate in it.
    """
    block = pem.first(text)
    if block is None:
        raise IdentityError("could not decode the PEM structure")
    try:
        return parse(block.content)
    except IdentityError as malformed:
        raise IdentityError(f"parseCertificate failed: {malformed}") from None


def read_all(text: bytes) -> tuple[Certificate, ...]:
    """
    Return the certificates in a PEM file that a person maintains; at least one.

    Raises:
        IdentityError: there is none, one cannot be read, or a block is something else (a private key, perhaps).
    """
    blocks = tuple(pem.blocks(text))
    if not blocks:
        raise IdentityError(f"no certificate in PEM: {_CURE}")
    if any(block.kind != _KIND for block in blocks):
        raise IdentityError("only certificates belong here; remove every other PEM block, for instance a private key")
    return tuple(parse(block.content) for block in blocks)
