"""
An update of a channel's configuration as a document: what it changes, in words, and the signatures it has.

The document holds both configurations. Whoever reads it computes the update from them, so that words and signatures can
be checked without a network: words that differ from the update, or a signature over another one, are refused.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from typing import Any

from fabric_protos.common import common_pb2, configtx_pb2
from google.protobuf.message import DecodeError

from hlf import errors, sentdocuments
from hlf.sentdocuments import SentDocument
from hlf.wire import msp, policies
from hlf.wire.config import channelconfig, channelwords, configupdate

KIND = "proposal"
NOT_SET = "not set"
"""The value of a setting that the configuration does not have."""

MEMBER, ORDERERS_OF = "member", "orderers of"
"""The first words of settings that stand for a member, and for the orderers of an organisation."""

_ROOT = f"/{channelconfig.ROOT}"


@dataclass(frozen=True)
class PolicyStatus:
    """
    How far the signatures satisfy one policy.

    Attributes:
        path: of the policy, as ``/Channel/Application/Admins``.
        counting: the organisations whose signatures count for it.
        signed: those of them that have signed.
        more: how many further ones are needed at least; 0 if the policy is satisfied.
    """

    path: str
    counting: tuple[str, ...]
    signed: tuple[str, ...]
    more: int


@dataclass(frozen=True)
class ChannelProposal:
    """
    One update of one channel.

    Attributes:
        original, changed: the configurations (``common.Config``) that it starts from, and that it wants.
        signatures: the ``ConfigSignature`` of each organisation that has signed, by MSP id.
    """

    channel: str
    original: configtx_pb2.Config = field(repr=False)
    changed: configtx_pb2.Config = field(repr=False)
    signatures: dict[str, configtx_pb2.ConfigSignature] = field(default_factory=dict, repr=False)

    @functools.cached_property
    def update(self) -> bytes:
        """The serialized ``ConfigUpdate`` that is signed."""
        made = configupdate.compute_update(self.channel, self.original, self.changed)
        return bytes(made.SerializeToString(deterministic=True))

    @functools.cached_property
    def bundle(self) -> channelconfig.Bundle:
        """The configuration that it starts from, with its organisations and policies."""
        return channelconfig.Bundle(self.channel, self.original)

    @property
    def needed(self) -> tuple[str, ...]:
        """The paths of the policies that its signatures must satisfy."""
        return configupdate.policies_needed(self.original, configtx_pb2.ConfigUpdate.FromString(self.update))

    def settings(self) -> list[tuple[str, str, str]]:
        """Return each setting that it changes, with its value before and after; ``NOT_SET`` where there is none."""
        before, after = _words(self.original.channel_group), _words(self.changed.channel_group)
        return [
            (what, before.get(what, NOT_SET), after.get(what, NOT_SET))
            for what in sorted(before.keys() | after.keys())
            if before.get(what) != after.get(what)
        ]

    def touched(self) -> list[str]:
        """Return every element of the configuration that it touches, a line each."""
        return list(_touched(_ROOT, self.original.channel_group, self.changed.channel_group))

    def words(self) -> list[str]:
        """Return what it changes, a line each: settings from and to, members, and every element that is touched."""
        return [f"{what}: {before} -> {after}" for what, before, after in self.settings()] + self.touched()

    def in_force(self, present: Any) -> bool:
        """Return whether a configuration (``common.Config``) has all that it changes."""
        left = set(_touched(_ROOT, present.channel_group, self.changed.channel_group))
        return left.isdisjoint(self.touched())

    def outdated(self, present: Any) -> tuple[str, ...]:
        """Return the paths that have changed since it was proposed; *present* is the channel's configuration now."""
        return configupdate.outdated(present, configtx_pb2.ConfigUpdate.FromString(self.update))

    def misstated(self, present: Any) -> tuple[str, ...]:
        """Return the paths at which it would do more than its words say, to a channel that is now *present*."""
        return configupdate.misstated(present, self.original, configtx_pb2.ConfigUpdate.FromString(self.update))

    def missing(self) -> list[str]:
        """Return which policies its signatures do not satisfy yet, and why, in Fabric's words."""
        refusals = ((path, self.bundle.refusal(path, self._signed)) for path in self.needed)
        return [f"{path}: {why}" for path, why in refusals if why is not None]

    def standings(self) -> list[PolicyStatus]:
        """Return for each policy who must sign, and who has signed."""
        return [self._standing(path) for path in self.needed]

    def _standing(self, path: str) -> PolicyStatus:
        try:
            rule = self.bundle.policy(path).rule()
        except errors.PolicyError:
            # There is no such policy, or none that signatures of organisations satisfy.
            return PolicyStatus(path, (), (), 1)
        counting = sorted(_organisations(rule))
        short = self.bundle.refusal(path, self._signed) is not None
        more = max(1, _lacking(rule, self.signatures)) if short else 0
        return PolicyStatus(path, tuple(counting), tuple(each for each in counting if each in self.signatures), more)

    @property
    def _signed(self) -> list[msp.SignedData]:
        return [signed_by(self.update, each) for each in self.signatures.values()]

    def refusal_of_admin(self, msp_id: str, identity: bytes) -> tuple[str, str] | None:
        """Return why an identity may not sign for an organisation of the channel, and what to do; None if it may."""
        groups = [
            f"/Channel/{part}/{name}"
            for part in ("Application", "Orderer")
            for name in self.original.channel_group.groups[part].groups
            if name == msp_id
        ]
        if not groups:
            return (
                f"{msp_id} is no organisation of channel {self.channel}, so its signature counts for nothing there",
                f"Those of {', '.join(sorted(each.id for each in self.bundle.msps))} do.",
            )
        try:
            known = [self.bundle.msps.identity(identity)]
            refusals = [self.bundle.policy(f"{group}/Admins").refusal(known) for group in groups]
            why = None if None in refusals else refusals[0]
        except errors.IdentityError as stranger:
            why = str(stranger)
        if why is None:
            return None
        return (
            f"channel {self.channel} does not know this key as an admin of {msp_id} ({why})",
            "Sign with the key of the user Admin that the organisation's authority has issued.",
        )

    def values(self) -> dict[str, Any]:
        """Return the fields of its document, which people can read."""
        return {
            "channel": self.channel,
            "configuration": self.original.sequence,
            "changes": self.words(),
            "policies": list(self.needed),
            "from": sentdocuments.encoded(self.original),
            "to": sentdocuments.encoded(self.changed),
            "signatures": {msp_id: sentdocuments.encoded(each) for msp_id, each in sorted(self.signatures.items())},
        }


def read(document: SentDocument) -> ChannelProposal:
    """
    Return the proposal in a document.

    Raises:
        DocumentError: its words are not those of its update, or a signature is not that organisation's; or the error
            that the document makes.
    """
    found = ChannelProposal(
        document.text("channel"),
        document.message(configtx_pb2.Config, "from"),
        document.message(configtx_pb2.Config, "to"),
        document.messages(configtx_pb2.ConfigSignature, "signatures"),
    )
    try:
        words, _ = found.words(), (found.bundle, channelconfig.Bundle(found.channel, found.changed), found.update)
    except errors.HlfError as unusable:
        raise document.error(f"holds a configuration that no channel would take ({unusable})") from unusable
    if words != document.texts("changes"):
        raise document.error(
            "was changed since it was made: its words are not what its update does",
            "Sign nothing, and ask who proposed it for the file again.",
        )
    for msp_id, each in found.signatures.items():
        signed = signed_by(found.update, each)
        signers = found.bundle.msps.signers([signed])
        if [one.msp_id for one in signers] != [msp_id]:
            raise document.error(
                f"the signature in the name of {msp_id} is not one of its over this update",
                f"The file was changed after {msp_id} signed, or another organisation did: start from the file as it "
                "was proposed, and sign again.",
            )
        if refusal := found.refusal_of_admin(msp_id, signed.identity):
            raise document.error(*refusal)
    return found


def signed_by(update: bytes, signature: configtx_pb2.ConfigSignature) -> msp.SignedData:
    """Return a ``ConfigSignature`` over an update with its signer; the signer is empty where none can be read."""
    try:
        creator = common_pb2.SignatureHeader.FromString(signature.signature_header).creator
    except DecodeError:
        creator = b""
    return msp.SignedData(signature.signature_header + update, creator, signature.signature)


def _words(group: Any) -> dict[str, str]:
    """Return what a configuration says, with members and orderers' organisations by the digest of their roots."""
    found = channelwords.words(group) | channelwords.anchors(group)
    for part, called in (("Application", MEMBER), ("Orderer", ORDERERS_OF)):
        for name, organisation in group.groups[part].groups.items():
            digest = hashlib.sha256(organisation.values["MSP"].value).hexdigest()
            found[f"{called} {name}"] = f"its MSP has SHA-256 {digest}"
    return found


def _touched(path: str, before: Any, after: Any) -> Iterator[str]:
    """Yield the path of each element that differs."""
    if before.mod_policy != after.mod_policy:
        yield f"{path}: changed by {after.mod_policy or 'nobody'}, before by {before.mod_policy or 'nobody'}"
    for kind in ("values", "policies", "groups"):
        had, has = getattr(before, kind), getattr(after, kind)
        for name in sorted(had.keys() | has.keys()):
            place = f"{path}/{name}" if kind != "policies" else f"{path} policy {name}"
            if name not in has:
                yield f"{place}: taken away"
            elif name not in had:
                yield f"{place}: new"
            elif kind == "groups":
                yield from _touched(place, had[name], has[name])
            elif _content(had[name]) != _content(has[name]):
                yield f"{place}: another"


def _content(element: Any) -> Any:
    """Return a value or a policy without its version."""
    held = element.policy if isinstance(element, configtx_pb2.ConfigPolicy) else element.value
    return held, element.mod_policy


def _organisations(rule: policies.Rule) -> set[str]:
    if isinstance(rule, policies.OutOf):
        return set().union(*map(_organisations, rule.rules))
    msp_id = getattr(rule.principal, "msp_id", None)
    return {msp_id} if msp_id else set()


def _lacking(rule: policies.Rule, signed: Container[str]) -> int:
    """Return how many further organisations must sign at least."""
    if isinstance(rule, policies.OutOf):
        return sum(sorted(_lacking(each, signed) for each in rule.rules)[: rule.count])
    return 0 if getattr(rule.principal, "msp_id", None) in signed else 1
