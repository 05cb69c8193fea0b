"""
Signature policies: their text, their message, and who satisfies them.

The text is that of Fabric's command line: ``OR('A.peer', AND('B.peer',
'C.peer'))``, ``OutOf(2, ...)``. Evaluation is Fabric's: rules are tried from
left to right, each takes the first identity that is not in use yet, and an
identity in use counts for no other rule, even if another choice would
satisfy the policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from fabric_protos.common import policies_pb2
from fabric_protos.msp import msp_principal_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.wire import msp

_ROLES = {name: role for role, name in msp.ROLE_NAMES.items()}
_PRINCIPAL = re.compile(r"([A-Za-z0-9.-]+)\.(admin|member|client|peer|orderer)")
_TOKEN = re.compile(r"(?:(?P<name>[A-Za-z]+)|(?P<number>\d+)|(?P<quote>['\"`])(?P<text>.*?)(?P=quote)|(?P<mark>[(),]))")
_GATES = {"and", "or", "outof"}
_MOST_DIGITS = 9
_DEEPEST = 32

T = TypeVar("T", contravariant=True)


@dataclass(frozen=True)
class SignedBy:
    """A rule that one identity satisfies *principal*."""

    principal: msp.Principal


@dataclass(frozen=True)
class OutOf:
    """A rule that *count* of *rules* hold."""

    count: int
    rules: tuple[Rule, ...]


Rule = SignedBy | OutOf


def parse(envelope: bytes | Any) -> Rule:
    """
    Return the rule of a ``SignaturePolicyEnvelope``, encoded or decoded.

    Raises:
        PolicyError: it cannot be decoded, or refers to principals it does not have.
    """
    if isinstance(envelope, bytes):
        try:
            envelope = policies_pb2.SignaturePolicyEnvelope.FromString(envelope)
        except DecodeError as error:
            raise errors.PolicyError(f"Error unmarshalling to SignaturePolicy: {errors.INVALID_WIRE}") from error
    if envelope.version != 0:
        raise errors.PolicyError(
            f"This evaluator only understands messages of version 0, but version was {envelope.version}"
        )
    principals = tuple(msp.Principal.of(principal) for principal in envelope.identities)
    return _rule(envelope.rule, principals, 0)


def _rule(proto: Any, principals: Sequence[msp.Principal], depth: int) -> Rule:
    kind = proto.WhichOneof("Type")
    if depth > _DEEPEST:
        raise errors.PolicyError(f"the policy is nested more than {_DEEPEST} levels deep")
    if kind == "signed_by":
        if not 0 <= proto.signed_by < len(principals):
            raise errors.PolicyError(
                f"identity index out of range, requested {proto.signed_by}, but identities length is {len(principals)}"
            )
        return SignedBy(principals[proto.signed_by])
    if kind == "n_out_of":
        return OutOf(proto.n_out_of.n, tuple(_rule(rule, principals, depth + 1) for rule in proto.n_out_of.rules))
    raise errors.PolicyError("Empty policy element")


def build(rule: Rule) -> policies_pb2.SignaturePolicyEnvelope:
    """Return the ``SignaturePolicyEnvelope`` of *rule*, each principal listed once."""
    principals: dict[msp.Principal, int] = {}

    def encode(part: Rule) -> policies_pb2.SignaturePolicy:
        if isinstance(part, SignedBy):
            return policies_pb2.SignaturePolicy(signed_by=principals.setdefault(part.principal, len(principals)))
        gate = policies_pb2.SignaturePolicy.NOutOf(n=part.count, rules=[encode(inner) for inner in part.rules])
        return policies_pb2.SignaturePolicy(n_out_of=gate)

    encoded = encode(rule)
    return _envelope(encoded, principals)


def _envelope(
    rule: policies_pb2.SignaturePolicy, principals: Iterable[msp.Principal]
) -> policies_pb2.SignaturePolicyEnvelope:
    identities = [
        msp_principal_pb2.MSPPrincipal(principal_classification=principal.classification, principal=principal.value)
        for principal in principals
    ]
    return policies_pb2.SignaturePolicyEnvelope(version=0, rule=rule, identities=identities)


def signed_by_any(msp_ids: Iterable[str], role: int) -> policies_pb2.SignaturePolicyEnvelope:
    """Return the envelope 'one signature by any *role* of these organisations', as Fabric builds it."""
    principals = [msp.Principal.of_role(msp_id, role) for msp_id in sorted(msp_ids)]
    return build(OutOf(1, tuple(SignedBy(principal) for principal in principals)))


def evaluate(
    envelope: Any, identities: Sequence[T], satisfies: Callable[[T, msp.Principal], bool] | None = None
) -> bool:
    """
    Return whether *identities* satisfy the policy, each used once at most.

    *envelope* is a message, its bytes or a parsed rule; *identities* must hold
    nobody twice. Without *satisfies*, each identity's own method decides.

    Raises:
        PolicyError: the policy cannot be used.
    """
    rule = envelope if isinstance(envelope, SignedBy | OutOf) else parse(envelope)
    if satisfies is None:
        satisfies = _ask
    return _holds(rule, identities, satisfies, [False] * len(identities))


def _ask(identity: Any, principal: msp.Principal) -> bool:
    answer: bool = identity.satisfies(principal)
    return answer


def _holds(
    rule: Rule, identities: Sequence[T], satisfies: Callable[[T, msp.Principal], bool], used: list[bool]
) -> bool:
    if isinstance(rule, SignedBy):
        for index, identity in enumerate(identities):
            if not used[index] and satisfies(identity, rule.principal):
                used[index] = True
                return True
        return False
    verified = 0
    for inner in rule.rules:
        attempt = list(used)
        if _holds(inner, identities, satisfies, attempt):
            verified += 1
            used[:] = attempt
    return verified >= rule.count


def from_dsl(text: str) -> policies_pb2.SignaturePolicyEnvelope:
    """
    Return the ``SignaturePolicyEnvelope`` that *text* describes, byte for byte Fabric's own.

    Raises:
        PolicyError: where and why the text is no policy.
    """
    reader = _Reader(text)
    gate = reader.gate(0)
    reader.end()
    principals: list[msp.Principal] = []
    rule = _encode(gate, principals)
    return _envelope(rule, principals)


def _encode(gate: _Gate, principals: list[msp.Principal]) -> policies_pb2.SignaturePolicy:
    # Fabric numbers the principals of inner gates before those of the gate around them, and keeps repeated ones.
    inner = [_encode(part, principals) if isinstance(part, _Gate) else part for part in gate.parts]
    rules = []
    for part in inner:
        if isinstance(part, msp.Principal):
            rules.append(policies_pb2.SignaturePolicy(signed_by=len(principals)))
            principals.append(part)
        else:
            rules.append(part)
    return policies_pb2.SignaturePolicy(n_out_of=policies_pb2.SignaturePolicy.NOutOf(n=gate.count, rules=rules))


def to_dsl(envelope: Any) -> str:
    """
    Return the text of a policy.

    Raises:
        PolicyError: the policy cannot be used, or the text form cannot express it.
    """
    return _text(envelope if isinstance(envelope, SignedBy | OutOf) else parse(envelope))


def _text(rule: Rule) -> str:
    if isinstance(rule, SignedBy):
        role = rule.principal.role
        if role is None or role[1] not in msp.ROLE_NAMES:
            raise errors.PolicyError("the text form of a policy has roles only; this policy has another principal")
        return f"'{role[0]}.{msp.ROLE_NAMES[role[1]]}'"
    if not rule.rules:
        raise errors.PolicyError("the text form of a policy has no gate without rules")
    parts = ", ".join(_text(inner) for inner in rule.rules)
    if rule.count == 1:
        return f"OR({parts})"
    if rule.count == len(rule.rules):
        return f"AND({parts})"
    return f"OutOf({rule.count}, {parts})"


@dataclass(frozen=True)
class _Gate:
    count: int
    parts: tuple[msp.Principal | _Gate, ...]


class _Reader:
    """Reads a policy's text token by token."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def gate(self, depth: int) -> _Gate:
        if depth > _DEEPEST:
            raise errors.PolicyError(f"the policy is nested more than {_DEEPEST} levels deep")
        name = self._next("name", "AND, OR or OutOf")
        kind = name.lower()
        if kind not in _GATES or name not in {kind, kind.upper(), "OutOf" if kind == "outof" else kind.title()}:
            raise self._error(f"unrecognized token '{name}' in policy string")
        self._mark("(")
        count = self._count() if kind == "outof" else 0
        parts = [self._part(depth)]
        while self._peek(","):
            self._mark(",")
            parts.append(self._part(depth))
        self._mark(")")
        if kind != "outof":
            count = len(parts) if kind == "and" else 1
        if count > len(parts) + 1:
            raise errors.PolicyError(f"invalid t-out-of-n predicate, t {count}, n {len(parts)}")
        return _Gate(count, tuple(parts))

    def end(self) -> None:
        if self._text[self._at :].strip():
            raise self._error("unexpected text after the policy")

    def _count(self) -> int:
        found = self._match()
        if found is None or not (found["number"] or (found["quote"] and found["text"].isdecimal())):
            raise self._error("OutOf starts with a number")
        digits = found["number"] or found["text"]
        if len(digits) > _MOST_DIGITS:
            raise self._error(f"OutOf starts with a number of {len(digits)} digits")
        self._at = found.end()
        self._mark(",")
        return int(digits)

    def _part(self, depth: int) -> msp.Principal | _Gate:
        found = self._match()
        if found is None or not found["quote"]:
            return self.gate(depth + 1)
        role = _PRINCIPAL.fullmatch(found["text"])
        if role is None:
            raise self._error(f"unrecognized token '{found['text']}' in policy string; a principal is 'MSPID.role'")
        self._at = found.end()
        return msp.Principal.of_role(role[1], _ROLES[role[2]])

    def _next(self, group: str, wanted: str) -> str:
        found = self._match()
        if found is None or not found[group]:
            raise self._error(f"expected {wanted}")
        self._at = found.end()
        return found[group]

    def _mark(self, mark: str) -> None:
        if not self._peek(mark):
            raise self._error(f"expected '{mark}'")
        found = self._match()
        assert found is not None  # noqa: S101 - _peek has just seen it.
        self._at = found.end()

    def _peek(self, mark: str) -> bool:
        found = self._match()
        return found is not None and found["mark"] == mark

    def _match(self) -> re.Match[str] | None:
        while self._text[self._at : self._at + 1].isspace():
            self._at += 1
        return _TOKEN.match(self._text, self._at)

    def _error(self, why: str) -> errors.PolicyError:
        return errors.PolicyError(f"invalid policy string '{self._text}': {why} (at character {self._at + 1})")
