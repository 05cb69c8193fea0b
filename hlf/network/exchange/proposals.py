"""
An update of a channel's configuration as a file: what it changes, in words, and the signatures it has.

The file holds both configurations. Whoever reads it computes the update from them, so that words and signatures can be
checked without a network: words that differ from the update, or a signature over another one, are refused.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fabric_protos.common import common_pb2, configtx_pb2
from google.protobuf.message import DecodeError

from hlf import errors as hlf_errors
from hlf.admin import channel as channels
from hlf.identity import Identity
from hlf.network import channelwords, errors
from hlf.network.exchange import exchangedfiles
from hlf.signers import Signer
from hlf.wire import msp
from hlf.wire.config import channelconfig, configupdate

KIND = "proposal"
_ROOT = f"/{channelconfig.ROOT}"


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
        return channels.update(self.channel, self.original, self.changed)

    @functools.cached_property
    def bundle(self) -> channelconfig.Bundle:
        """The configuration that it starts from, with its organisations and policies."""
        return channelconfig.Bundle(self.channel, self.original)

    @property
    def needed(self) -> tuple[str, ...]:
        """The paths of the policies that its signatures must satisfy."""
        return configupdate.policies_needed(self.original, configtx_pb2.ConfigUpdate.FromString(self.update))

    def words(self) -> list[str]:
        """Return what it changes, a line each: settings from and to, members, and every element that is touched."""
        before, after = _words(self.original.channel_group), _words(self.changed.channel_group)
        lines = [
            f"{what}: {before.get(what, 'not set')} -> {after.get(what, 'not set')}"
            for what in sorted(before.keys() | after.keys())
            if before.get(what) != after.get(what)
        ]
        return lines + list(_touched(_ROOT, self.original.channel_group, self.changed.channel_group))

    def in_force(self, present: Any) -> bool:
        """Return whether a configuration (``common.Config``) has all that it changes."""
        left = set(_touched(_ROOT, present.channel_group, self.changed.channel_group))
        return left.isdisjoint(_touched(_ROOT, self.original.channel_group, self.changed.channel_group))

    def missing(self) -> list[str]:
        """Return which policies its signatures do not satisfy yet, and why, in Fabric's words."""
        signed = [signed_by(self.update, each) for each in self.signatures.values()]
        refusals = ((path, self.bundle.refusal(path, signed)) for path in self.needed)
        return [f"{path}: {why}" for path, why in refusals if why is not None]

    def check_admin(self, msp_id: str, identity: bytes) -> None:
        """
        Check that an identity may sign for an organisation of the channel.

        Raises:
            NetworkError: the organisation is none of the channel, or this is not its admin.
        """
        groups = [
            f"/Channel/{part}/{name}"
            for part in ("Application", "Orderer")
            for name in self.original.channel_group.groups[part].groups
            if name == msp_id
        ]
        if not groups:
            raise errors.NetworkError(
                f"{msp_id} is no organisation of channel {self.channel}, so its signature counts for nothing there",
                f"Those of {', '.join(sorted(each.id for each in self.bundle.msps))} do.",
            )
        try:
            known = [self.bundle.msps.identity(identity)]
            refusals = [self.bundle.policy(f"{group}/Admins").refusal(known) for group in groups]
            why = None if None in refusals else refusals[0]
        except hlf_errors.IdentityError as stranger:
            why = str(stranger)
        if why is not None:
            raise errors.NetworkError(
                f"channel {self.channel} does not know this key as an admin of {msp_id} ({why})",
                "Sign with the key of the user Admin that the organisation's authority has issued.",
            )

    def sign(self, msp_id: str, identity: Identity, signer: Signer) -> ChannelProposal:
        """
        Return it with an organisation's signature, in place of an earlier one of the same organisation.

        Raises:
            NetworkError: as :meth:`check_admin`.
        """
        self.check_admin(msp_id, identity.serialized)
        signature = channels.sign(self.update, identity, signer)
        return ChannelProposal(self.channel, self.original, self.changed, {**self.signatures, msp_id: signature})

    def write(self, place: Path) -> None:
        """Write it as a file that people can read and others can sign."""
        values: dict[str, Any] = {
            "channel": self.channel,
            "configuration": self.original.sequence,
            "changes": self.words(),
            "policies": list(self.needed),
            "from": exchangedfiles.encoded(self.original),
            "to": exchangedfiles.encoded(self.changed),
            "signatures": {msp_id: exchangedfiles.encoded(each) for msp_id, each in sorted(self.signatures.items())},
        }
        exchangedfiles.write(place, KIND, values)


def read(place: Path) -> ChannelProposal:
    """
    Return the proposal in a file.

    Raises:
        ExchangeError: it is none, its words are not those of its update, or a signature is not that organisation's.
    """
    file = exchangedfiles.ExchangedFile(place, KIND)
    found = ChannelProposal(
        file.text("channel"),
        file.message(configtx_pb2.Config, "from"),
        file.message(configtx_pb2.Config, "to"),
        file.messages(configtx_pb2.ConfigSignature, "signatures"),
    )
    try:
        words, _ = found.words(), (found.bundle, channelconfig.Bundle(found.channel, found.changed), found.update)
    except hlf_errors.HlfError as unusable:
        raise file.error(f"holds a configuration that no channel would take ({unusable})") from unusable
    if words != file.texts("changes"):
        raise file.error(
            "was changed since it was made: its words are not what its update does",
            "Sign nothing, and ask who proposed it for the file again.",
        )
    for msp_id, each in found.signatures.items():
        signed = signed_by(found.update, each)
        signers = found.bundle.msps.signers([signed])
        if [one.msp_id for one in signers] != [msp_id]:
            raise file.error(
                f"the signature in the name of {msp_id} is not one of its over this update",
                f"The file was changed after {msp_id} signed, or another organisation did: start from the file as it "
                "was proposed, and sign again.",
            )
        try:
            found.check_admin(msp_id, signed.identity)
        except errors.NetworkError as stranger:
            raise file.error(stranger.problem, stranger.cure) from stranger
    return found


def signed_by(update: bytes, signature: configtx_pb2.ConfigSignature) -> msp.Signed:
    """Return a ``ConfigSignature`` over an update with its signer; the signer is empty where none can be read."""
    try:
        creator = common_pb2.SignatureHeader.FromString(signature.signature_header).creator
    except DecodeError:
        creator = b""
    return msp.Signed(signature.signature_header + update, creator, signature.signature)


def _words(group: Any) -> dict[str, str]:
    """Return what a configuration says, with members and orderers' organisations by the digest of their roots."""
    found = channelwords.words(group) | channelwords.anchors(group)
    for part, called in (("Application", "member"), ("Orderer", "orderers of")):
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
