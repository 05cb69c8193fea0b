"""Words in request schemas: a field accepts what contracts accept, and OpenAPI shows its pattern."""

from __future__ import annotations

from typing import overload

from marshmallow import ValidationError, validate

from hlf.codec import names
from hlf.codec.words import Word


class WordValidator(validate.Regexp):
    """Accepts what *word* accepts; OpenAPI shows its pattern."""

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
            ValidationError: the value is not such a word.
        """
        problem = self.word.problem(value.decode("utf-8", "replace") if isinstance(value, bytes) else value)
        if problem:
            raise ValidationError(f"{problem[0].upper()}{problem[1:]}.")
        return value


MSP_ID = WordValidator(names.MSP_ID)
CHANNEL = WordValidator(names.CHANNEL)
CHAINCODE = WordValidator(names.CHAINCODE)
TRANSACTION_ID = WordValidator(names.TRANSACTION_ID)
