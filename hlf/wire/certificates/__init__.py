"""
Certificates: the one place that turns bytes from outside into X.509 values.

Any bytes give a :class:`Certificate` or an ``IdentityError``, now; nothing is left to be parsed, and to fail, later.
What Go's ``encoding/pem`` and ``crypto/x509`` take is taken, and what they refuse is refused, because the nodes of a
Fabric network are Go programs and must come to one opinion with whoever reads their blocks. The library
``cryptography`` does not serve for that: it refuses names and alternative names that Go reads (some of them only when a
field is looked at, with plain exceptions), and takes PEM, times and numbers that Go refuses. It does serve for keys and
signatures.
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

    What the block calls itself does not matter, nor what follows it.

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
    Return the certificates in a file that people keep them in, at least one.

    Raises:
        IdentityError: there is none, one cannot be read, or a block is something else (a private key, perhaps).
    """
    blocks = tuple(pem.blocks(text))
    if not blocks:
        raise IdentityError(f"no certificate in PEM: {_CURE}")
    if any(block.kind != _KIND for block in blocks):
        raise IdentityError("only certificates belong here; take out what else is there, a private key perhaps")
    return tuple(parse(block.content) for block in blocks)
