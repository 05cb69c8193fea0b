"""The tokens that this gateway accepts: its own, and those of trusted issuers."""

from __future__ import annotations

from gateway.oidc.bearers import Issuers
from gateway.store.tokens import TokenCaller, Tokens

_DOTS = 2
"""A JWT has three parts with dots between them; the gateway's own tokens have none."""


class AcceptedTokens:
    """Whom a bearer token acts for, whoever issued it."""

    def __init__(self, own: Tokens, issuers: Issuers) -> None:
        self._own = own
        self._issuers = issuers

    def caller(self, text: str) -> TokenCaller:
        """
        Return the user that the token *text* acts for.

        Raises:
            TokenError: it is not accepted.
            IssuerUnavailableError: the keys of its issuer cannot be read.
        """
        accepted = self._issuers if self._issuers and text.count(".") == _DOTS else self._own
        return accepted.caller(text)
