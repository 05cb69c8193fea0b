"""
What can go wrong between a contract, the shim and the peer.

    Refused (hlf.codec)   the rules say no; the caller gets the code and the text

    ShimError
     ├ PeerRefused     the peer answered a request of the stub with an error, or would not take it
     └ ContractError   the contract itself is written wrongly; found when the process starts, or in a test

    TransactionAbandoned (BaseException)   nobody waits for this transaction any more
"""

from __future__ import annotations

from hlf.codec.refusals import Refused

__all__ = ["ContractError", "PeerRefused", "Refused", "ShimError", "TransactionAbandoned"]


class ShimError(Exception):
    """Whatever this room raises on purpose."""


class PeerRefused(ShimError):  # noqa: N818  (an answer, as Refused is)
    """
    The peer would not do what the stub asked, for example because the caller may not read a collection.

    A request larger than any peer takes is refused before it is sent.

    Attributes:
        message: the peer's own words, or the shim's where it was not asked.
        hint: what to do about it, where the shim knows.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} ({hint})" if hint else message)
        self.message = message
        self.hint = hint


class ContractError(ShimError):
    """The contract cannot be served as it is written: an annotation, a name or a use of the stub is wrong."""


class TransactionAbandoned(BaseException):  # noqa: N818  (not an error of the contract, which must not catch it)
    """
    The stream to the peer is gone, so the transaction's answer can reach nobody.

    It is no Exception: a contract's ``except Exception`` must not keep a dead
    transaction running.
    """
