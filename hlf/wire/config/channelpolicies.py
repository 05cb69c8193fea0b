"""
The policies of a channel's configuration, by path: ``/Channel/Application/Writers``.

A policy is a signature policy, or an implicit one that counts how many of the
groups below its own satisfy their policy of a given name. A path that leads
to no policy refuses everybody, in Fabric's words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fabric_protos.common import policies_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.wire import msp, policies

_META = policies_pb2.ImplicitMetaPolicy


class Policy(Protocol):
    """A rule that decides whether a set of identities is enough."""

    def refusal(self, identities: Sequence[msp.Identity]) -> str | None:
        """Return why *identities* (nobody twice) are not enough, in Fabric's words; None when they are."""

    def rule(self) -> policies.Rule:
        """Return the policy as a signature rule, or raise PolicyError if it cannot be written as one."""


@dataclass(frozen=True)
class SignaturePolicy:
    """A policy that lists the signatures that it needs."""

    signature_rule: policies.Rule

    def refusal(self, identities: Sequence[msp.Identity]) -> str | None:
        if policies.evaluate(self.signature_rule, identities):
            return None
        return "signature set did not satisfy policy"

    def rule(self) -> policies.Rule:
        return self.signature_rule


@dataclass(frozen=True)
class ImplicitMetaPolicy:
    """A policy that needs *threshold* of the policies called *name* in the groups below."""

    name: str
    threshold: int
    parts: tuple[Policy, ...]

    def refusal(self, identities: Sequence[msp.Identity]) -> str | None:
        satisfied = 0
        for part in self.parts:
            if satisfied < self.threshold and part.refusal(identities) is None:
                satisfied += 1
        if satisfied >= self.threshold:
            return None
        return (
            f"implicit policy evaluation failed - {satisfied} sub-policies were satisfied, but this policy requires "
            f"{self.threshold} of the '{self.name}' sub-policies to be satisfied"
        )

    def rule(self) -> policies.Rule:
        return policies.OutOf(self.threshold, tuple(part.rule() for part in self.parts))


@dataclass(frozen=True)
class MissingPolicy:
    """The policy at a path where there is none: nobody satisfies it."""

    path: str

    def refusal(self, identities: Sequence[msp.Identity]) -> str | None:
        return f"no such policy: '{self.path}'"

    def rule(self) -> policies.Rule:
        raise errors.PolicyError(f"no such policy: '{self.path}'")


class PolicyTree:
    """The policies of one configuration group and of all groups below it."""

    def __init__(self, path: str, group: Any) -> None:
        """
        Read the policies of *group*, the configuration group at *path* (``Channel``).

        Raises:
            ConfigError: a policy cannot be used.
        """
        self._path = path
        self._below = {name: PolicyTree(f"{path}/{name}", below) for name, below in sorted(group.groups.items())}
        self._policies: dict[str, Policy] = {}
        for name, entry in sorted(group.policies.items()):
            self._policies[name] = self._read(name, entry)
        for group_name, below in self._below.items():
            for name, policy in below._policies.items():
                self._policies[f"{group_name}/{name}"] = policy

    def find(self, path: str) -> Policy | None:
        """Return the policy at *path*, absolute or relative to this group; None where there is none."""
        if path.startswith("/"):
            root = f"/{self._path}"
            if not path.startswith(root):
                return None
            path = path[len(root) + 1 :]
        return self._policies.get(path)

    def policy(self, path: str) -> Policy:
        """Return the policy at *path*, or one that refuses everybody."""
        found = self.find(path)
        if found is not None:
            return found
        root = f"/{self._path}"
        return MissingPolicy(path[len(root) + 1 :] if path.startswith(root) else path)

    def below(self, path: Sequence[str]) -> PolicyTree | None:
        """Return the tree of the group that *path* leads to from here, or None."""
        found: PolicyTree | None = self
        for name in path:
            found = None if found is None else found._below.get(name)
        return found

    def _read(self, name: str, entry: Any) -> Policy:
        if not entry.HasField("policy"):
            raise errors.ConfigError(f"policy {name} at path {self._path} was nil")
        kind, value = entry.policy.type, entry.policy.value
        try:
            if kind == policies_pb2.Policy.IMPLICIT_META:
                return self._implicit(_META.FromString(value))
            if kind == policies_pb2.Policy.SIGNATURE:
                return SignaturePolicy(policies.parse(value))
        except (DecodeError, errors.PolicyError) as error:
            words = errors.INVALID_WIRE if isinstance(error, DecodeError) else error
            raise errors.ConfigError(f"policy {name} at path {self._path} did not compile: {words}") from error
        raise errors.ConfigError(f"policy {name} at path {self._path} has unknown policy type: {kind}")

    def _implicit(self, meta: Any) -> Policy:
        parts = tuple(below.policy(meta.sub_policy) for below in self._below.values())
        if not parts:
            # Without groups, no signature is needed, whatever the rule.
            threshold = 0
        elif meta.rule == _META.ANY:
            threshold = 1
        elif meta.rule == _META.ALL:
            threshold = len(parts)
        else:
            threshold = len(parts) // 2 + 1
        return ImplicitMetaPolicy(meta.sub_policy, threshold, parts)
