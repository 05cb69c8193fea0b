"""
Certificate policies (RFC 5280, section 6.1, as RFC 9618 has it), applied to a chain as Go applies them.

They matter only where a certificate requires an explicit policy; Fabric itself requires none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hlf.wire.certificates.certificate import Certificate

_ANY = b"\x55\x1d\x20\x00"


@dataclass(eq=False, slots=True)
class _Node:
    """A policy at one depth: the names that the next certificate may use for it, and its parents."""

    policy: bytes
    parents: set[_Node] = field(default_factory=set)
    children: set[_Node] = field(default_factory=set)
    expected: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.expected = self.expected or [self.policy]
        for parent in self.parents:
            parent.children.add(self)


class _Graph:
    """The policies that are still valid, one stratum for each certificate below the root."""

    def __init__(self) -> None:
        self.strata: list[dict[bytes, _Node]] = [{_ANY: _Node(_ANY)}]

    @property
    def leaves(self) -> dict[bytes, _Node]:
        return self.strata[-1]

    def descend(self, policies: Sequence[bytes], *, any_allowed: bool) -> None:
        """Add a stratum with the policies of the next certificate."""
        above = self.leaves
        self.strata.append({})
        for policy in policies:
            if policy != _ANY:
                named = [node for node in above.values() if policy in node.expected]
                self._add(policy, named or ([above[_ANY]] if _ANY in above else []))
        if _ANY in policies and any_allowed:
            missing: dict[bytes, list[_Node]] = {}
            for node in above.values():
                for expected in node.expected:
                    if expected not in self.leaves:
                        missing.setdefault(expected, []).append(node)
            for policy, parents in missing.items():
                self._add(policy, parents)
        self.prune()

    def map(self, mappings: Sequence[tuple[bytes, bytes]], *, allowed: bool) -> bool:
        """Replace the issuer's policies by the subject's names for them; return False for an invalid mapping."""
        if allowed and any(_ANY in pair for pair in mappings):
            return False
        if not allowed:
            self._remove(issuer for issuer, _ in mappings)
            self.prune()
            return True
        self.prune()
        called: dict[bytes, list[bytes]] = {}
        for issuer, subject in mappings:
            called.setdefault(issuer, []).append(subject)
        for issuer, subjects in called.items():
            if issuer in self.leaves:
                self.leaves[issuer].expected = subjects
            elif _ANY in self.leaves:
                self.leaves[issuer] = _Node(issuer, {self.leaves[_ANY]}, expected=subjects)
        return True

    def prune(self) -> None:
        """Remove each policy that no later certificate uses."""
        for stratum in reversed(self.strata[1:-1]):
            for node in [node for node in stratum.values() if not node.children]:
                for parent in node.parents:
                    parent.children.discard(node)
                del stratum[node.policy]

    @property
    def holds(self) -> bool:
        """Whether any policy is left that every authority allows."""
        if _ANY in self.leaves:
            return True
        return any(
            node.policy != _ANY and [parent.policy for parent in node.parents] == [_ANY]
            for stratum in self.strata
            for node in stratum.values()
        )

    def _add(self, policy: bytes, parents: Sequence[_Node]) -> None:
        if parents:
            self.leaves[policy] = _Node(policy, set(parents))

    def _remove(self, policies: Iterable[bytes]) -> None:
        for node in (self.leaves.pop(policy, None) for policy in policies):
            for parent in node.parents if node else ():
                parent.children.discard(node)


def permit(chain: Sequence[Certificate]) -> bool:
    """Return whether the chain, the leaf first, has the policies that its certificates require."""
    below = len(chain) - 1
    if not below:
        return True
    graph: _Graph | None = _Graph()
    any_policy = explicit = mapping = below + 1
    for place in range(below - 1, -1, -1):
        one = chain[place]
        says = one.extensions
        self_issued = one.issuer.der == one.subject.der
        if not says.policies:
            graph = None
        if graph is None and explicit == 0:
            return False
        if graph is not None:
            graph.descend(says.policies, any_allowed=any_policy > 0 or (place > 0 and self_issued))
            if place and says.policy_mappings and not graph.map(says.policy_mappings, allowed=mapping > 0):
                return False
        if place:
            if not self_issued:
                explicit, mapping, any_policy = max(explicit - 1, 0), max(mapping - 1, 0), max(any_policy - 1, 0)
            explicit = _least(explicit, says.explicit_policy)
            mapping = _least(mapping, says.inhibit_mapping)
            any_policy = _least(any_policy, says.inhibit_any_policy)
    explicit = 0 if chain[0].extensions.explicit_policy == 0 else max(explicit - 1, 0)
    return explicit > 0 or (graph is not None and graph.holds)


def _least(current: int, said: int) -> int:
    return min(current, said) if said >= 0 else current
