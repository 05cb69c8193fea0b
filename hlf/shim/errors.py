"""
Errors between a contract, the shim and the peer.

    Refused (hlf.codec)   the contract refused; the caller gets the code and the text

    ShimError
     ├ PeerRefused     the peer answered a request of the stub with an error, or it was too large to send
     └ ContractError   the contract's code is wrong; found when the process starts, or in a test

    TransactionAbandoned (BaseException)   nobody waits for this transaction any more
"""

from __future__ import annotations

from hlf.codec.refusals import Refused

__all__ = ["ContractError", "PeerRefused", "Refused", "ShimError", "TransactionAbandoned"]


class ShimError(Exception):
    """Base of the errors that this package raises on purpose."""


class PeerRefused(ShimError):  # noqa: N818  (an answer, as Refused is)
    """
    The peer refused a request of the stub, for example because the caller may not read a collection.

    A request larger than any peer accepts is refused before it is sent.

    Attributes:
        message: the peer's error text, or the shim's if nothing was sent.
        hint: the cure, if the shim knows one.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} ({hint})" if hint else message)
        self.message = message
        self.hint = hint


class ContractError(ShimError):
    """The contract cannot be served: an annotation, a name or a use of the stub is wrong."""


class TransactionAbandoned(BaseException):  # noqa: N818  (not an error of the contract, which must not catch it)
    """
    The stream to the peer has ended, so nobody can get the transaction's answer.

    It is no subclass of Exception, so a contract's ``except Exception`` does not
    keep such a transaction running.
    """
