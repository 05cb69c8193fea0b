"""
What a channel's policies say of signers, worked out once for the same ones.

A policy of one configuration and an identity of its organisations never change, so their answer does not either.
Whether the signatures are valid is another question, which is asked each time.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hlf.wire import msp
    from hlf.wire.config import channelconfig, channelpolicies


def refusal(bundle: channelconfig.Bundle, path: str, signers: Iterable[msp.Identity]) -> str | None:
    """Return why *signers* do not satisfy the policy at an absolute *path*, in Fabric's words; None when they do."""
    return _refusal(bundle.policies, path, tuple(signers))


# The least recent answers go first, and with them the policies of configurations that are no longer in force.
@functools.lru_cache(1024)
def _refusal(policies: channelpolicies.PolicyTree, path: str, signers: tuple[msp.Identity, ...]) -> str | None:
    return policies.policy(path).refusal(signers)
