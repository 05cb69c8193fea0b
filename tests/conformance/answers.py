"""
What an engine answered, in a form that two runs and two engines can be compared by.

Ports, hashes, certificates and times differ from run to run, so they are
replaced by placeholders; everything else must be equal to the letter.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc

from hlf.steps import failures

DATE_AND_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?"
GO_ZONE = r"( [+-]\d{4} [A-Z]+( m=[+-][\d.]+)?|Z|[+-]\d\d:\d\d)?"
PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "<hex64>"),
    (re.compile(r"-[0-9a-f]{8}\b"), "-<fresh>"),
    (re.compile(r"\[[0-9a-f]{200,}\]"), "[<hex>]"),
    (re.compile(r"\[mychannel-[0-9a-f]{8}\]"), "[mychannel-<txid8>]"),
    (re.compile(DATE_AND_TIME + GO_ZONE), "<time>"),
    (re.compile(r"\b[a-z0-9]+_1\.0:<hex64>"), "<package>"),
    (re.compile(r"\b\d{6,}( bytes|(?= vs\.))"), "<n>\\1"),
    (re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", re.DOTALL), "<certificate>"),
    (re.compile(r"cert\[([0-9a-f]{2} ){200,}[0-9a-f]{2}\]"), "cert[<hex>]"),
    (re.compile(r"(?<=serial number )\d+"), "<n>"),
    # Go's protobuf puts one kind of space or the other here, as each build has it, so that nobody compares its words.
    (re.compile("\u00a0"), " "),
    # And between two fields of a message that it prints, one space or two.
    (re.compile(r"(?<=[\w\"}>])  (?=[a-z_][a-z0-9_]*:)"), " "),
    # The gRPC library words this one: in Go, or here in C.
    (re.compile(r"(grpc: r|SERVER: R)eceived message larger"), "received message larger"),
    (re.compile(r"BlockNum: \d+, TxNum: \d+"), "BlockNum: <n>, TxNum: <n>"),
)


@dataclass(frozen=True)
class Answer:
    """One answer: the gRPC status with its per-endorser details, or the result."""

    grpc_status: str = "OK"
    grpc_message: str = ""
    error_details: list[dict[str, str]] = field(default_factory=list)
    result: Any = None

    def then(self, tell: Callable[[Any], Any]) -> Answer:
        """Return what *tell* says of the result; a refusal stays as it is."""
        return self if self.grpc_status != "OK" else Answer(result=tell(self.result))

    def as_json(self, addresses: Mapping[str, str]) -> dict[str, Any]:
        """Return the comparable form; *addresses* maps ``host:port`` to its placeholder."""
        details = [normalised(detail, addresses) for detail in self.error_details]
        return {
            "grpc_status": self.grpc_status,
            "grpc_message": normalised(self.grpc_message, addresses),
            "error_details": sorted(details, key=lambda detail: (detail["msp_id"], detail["address"])),
            "result": normalised(self.result, addresses),
        }


def normalised(value: Any, addresses: Mapping[str, str]) -> Any:
    """Return *value* with what differs from run to run replaced by placeholders."""
    if isinstance(value, str):
        for address, placeholder in addresses.items():
            value = value.replace(address, placeholder)
        for pattern, placeholder in PATTERNS:
            value = pattern.sub(placeholder, value)
        return value
    if isinstance(value, bytes):
        return normalised(value.decode("utf-8", errors="backslashreplace"), addresses)
    if isinstance(value, Mapping):
        return {str(key): normalised(inner, addresses) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [normalised(inner, addresses) for inner in value]
    return value


def by_answer(answers: Mapping[str, str]) -> dict[str, str]:
    """Which of several questions have the same answer."""
    told: dict[str, list[str]] = {}
    for name, answer in answers.items():
        told.setdefault(answer, []).append(name)
    return {answer: ", ".join(names) for answer, names in told.items()}


def ask(call: Callable[[], Any]) -> Answer:
    """Return what *call* gave: its value as the result, or the gRPC error it raised."""
    try:
        return Answer(result=call())
    except grpc.RpcError as error:
        return of_error(error)


def of_error(error: grpc.RpcError) -> Answer:
    """Return the status, message and per-endorser details that *error* carries."""
    words = error.details() or ""
    if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED or words.startswith("Stream removed"):
        # Which side notices first decides the words, and with a peer in Go the code too.
        return Answer("DEADLINE_EXCEEDED")
    details = [dataclasses.asdict(detail) for detail in failures.details_of(error)]
    return Answer(error.code().name, words, details)
