"""Words in request schemas: what a field takes is what contracts take, and its pattern stands in the OpenAPI page."""

from __future__ import annotations

from typing import overload

from marshmallow import ValidationError, validate

from hlf.codec import names
from hlf.codec.words import Word


class Checked(validate.Regexp):
    """Takes what *word* takes; the OpenAPI page shows its pattern."""

    def __init__(self, word: Word) -> None:
        super().__init__(word.shape)
        self.word = word

    @overload
    def __call__(self, value: str) -> str: ...

    @overload
    def __call__(self, value: bytes) -> bytes: ...

    def __call__(self, value: str | bytes) -> str | bytes:
        """
        Return *value*.

        Raises:
            ValidationError: it is no such word.
        """
        problem = self.word.problem(value.decode("utf-8", "replace") if isinstance(value, bytes) else value)
        if problem:
            raise ValidationError(f"{problem[0].upper()}{problem[1:]}.")
        return value


MSP_ID = Checked(names.MSP_ID)
CHANNEL = Checked(names.CHANNEL)
CHAINCODE = Checked(names.CHAINCODE)
TRANSACTION_ID = Checked(names.TRANSACTION_ID)
