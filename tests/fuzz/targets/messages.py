"""Protobuf messages of Fabric's, and the texts and packages that go with them."""

from __future__ import annotations

from typing import Any

import grpc

from hlf import errors
from hlf.steps import failures
from hlf.wire import blocks, policies
from hlf.wire.config import channelconfig
from tests.fuzz.target import Target, reads, text_of
from tests.hostile import mutations

MESSAGE = (mutations.bend_message, mutations.bend)


def _block(data: bytes) -> object:
    found = blocks.decode(data)
    seen: list[object] = [found.hash, found.computed_data_hash, found.events, blocks.check(found)]
    for transaction in found.transactions:
        seen += [transaction.timestamp, transaction.code_name, blocks.check_transaction(transaction)]
        seen += [action.args for action in transaction.actions]
    return repr(seen)


def _policy_text(data: bytes) -> object:
    return policies.parse(policies.from_dsl(text_of(data)))


class _Failed(grpc.RpcError):
    """A call's failure with details such as a gateway sends."""

    def __init__(self, details: bytes) -> None:
        self._details = details

    def trailing_metadata(self) -> Any:
        return (("grpc-status-details-bin", self._details),)


def _failure(data: bytes) -> object:
    return failures.details_of(_Failed(data))


def _configuration(data: bytes) -> object:
    bundle = channelconfig.Bundle.from_config_block(data)
    return bundle.refusal("/Channel/Application/Admins", []), bundle.batch


TARGETS = (
    Target("block", "hlf.wire.blocks.decode", (errors.WireError,), _block, MESSAGE),
    Target(
        "configuration",
        "hlf.wire.config.channelconfig.Bundle.from_config_block",
        (errors.WireError, errors.ConfigError),
        _configuration,
        MESSAGE,
    ),
    reads("envelope", "hlf.wire.envelopes.parse", errors.WireError, bends=MESSAGE),
    reads("proposal", "hlf.wire.proposals.parse", errors.WireError, bends=MESSAGE),
    reads("read-write-set", "hlf.wire.rwsets.decode", errors.WireError, bends=MESSAGE),
    reads("policy", "hlf.wire.policies.parse", errors.PolicyError, bends=MESSAGE),
    Target("policy-text", "hlf.wire.policies.from_dsl", (errors.PolicyError,), _policy_text),
    reads("package", "hlf.wire.packages.parse", errors.WireError),
    Target("failure", "hlf.steps.failures.details_of", (), _failure, MESSAGE),
)
