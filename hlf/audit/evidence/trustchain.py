"""
The chain of trust through a channel's configurations, for readers who do not have all of its blocks.

A channel's configuration says who may sign its blocks, and who may change it. Orderers sign each configuration
block, and administrators sign its update, under the configuration before. So if you trust the genesis block, you
can trust them all. None can be left out: configurations are numbered without gaps, and each block names, under its
orderers' signatures, the configuration block that was in force.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from fabric_protos.common import configtx_pb2

from hlf.audit.replay import blocksigners, configuration
from hlf.errors import HlfError, WireError
from hlf.wire import blocks, msp
from hlf.wire.config import channelconfig

# More configurations than any channel has; the limit stops a peer that sends configurations without end.
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Link:
    """A configuration block whose configuration can be trusted as far as the genesis block is."""

    number: int
    hash: bytes
    bundle: channelconfig.Bundle


@dataclass(frozen=True, slots=True)
class Chain:
    """The links that were proved, in order, and why the next one was not (empty if all were)."""

    links: tuple[Link, ...]
    refusal: str = ""


@lru_cache(maxsize=8)
def follow(configurations: tuple[bytes, ...]) -> Chain:
    """
    Return the chain through these serialized configuration blocks, the genesis block first; never raises.

    A chain is checked once for all receipts that share it.
    """
    links: list[Link] = []
    for serialized in configurations:
        try:
            link = _link(blocks.decode(serialized), links[-1] if links else None)
        except HlfError as refused:
            return Chain(tuple(links), str(refused))
        links.append(link)
    return Chain(tuple(links), "" if links else "there is no configuration block")


def collect(block: blocks.Block, fetch: Callable[[int], bytes]) -> tuple[bytes, ...]:
    """
    Return the serialized configuration blocks from genesis to the one that *block* was made under.

    Args:
        fetch: gives the serialized block of a number.

    Raises:
        WireError: a block does not name the configuration before it.
    """
    found: list[bytes] = []
    number = before(block, fetch)
    while number is not None:
        if len(found) == _MOST:
            raise WireError(f"more than {_MOST} configuration blocks, and none of them is the genesis block")
        serialized = fetch(number)
        found.append(serialized)
        held = blocks.decode(serialized)
        if held.number != number:
            raise WireError(f"asked for block {number}, the peer gave block {held.number}")
        number = before(held, fetch)
    return tuple(reversed(found))


def before(block: blocks.Block, fetch: Callable[[int], bytes]) -> int | None:
    """
    Return the number of the configuration block that *block* was made under; None for the genesis block.

    Raises:
        WireError: the blocks do not say.
    """
    if block.number == 0:
        return None
    named = last_config(block)
    if named == block.number:
        # A configuration block names itself; the block before it names the configuration before.
        named = last_config(blocks.decode(fetch(block.number - 1)))
    if named >= block.number:
        raise WireError(f"block {block.number} names block {named} as the configuration before it")
    return named


def last_config(block: blocks.Block) -> int:
    """
    Return the number of the configuration block in force after *block*, as its orderers have signed it.

    Raises:
        WireError: the block does not say.
    """
    if block.number == 0:
        return 0
    if block.last_config is None:
        raise WireError(f"block {block.number} does not name its configuration block")
    return block.last_config


def orderers_refusal(block: blocks.Block, bundle: channelconfig.Bundle) -> str | None:
    """Return why the orderers' signatures do not satisfy the channel's BlockValidation policy; None if they do."""
    claimed = zip(block.signatures, blocksigners.identities(block, bundle), strict=True)
    signed = [msp.SignedData(signature.signed, who, signature.signature) for signature, who in claimed]
    return bundle.refusal(blocksigners.BLOCK_VALIDATION, signed)


def _link(block: blocks.Block, previous: Link | None) -> Link:
    if not block.is_configuration:
        raise WireError(f"block {block.number} is no configuration block")
    if block.data_hash != block.computed_data_hash:
        raise WireError(f"the data hash of block {block.number} is not that of its data")
    transaction = block.transactions[0]
    envelope = configtx_pb2.ConfigEnvelope.FromString(transaction.config or b"")
    if previous is None:
        if block.number != 0 or block.previous_hash:
            raise WireError(f"the configurations begin with block {block.number}, not with the genesis block")
        return Link(0, block.hash, channelconfig.Bundle(transaction.channel_id, envelope.config))
    bundle = previous.bundle
    refused = _sequel_refusal(block, previous) or orderers_refusal(block, bundle)
    refused = refused or _creator_refusal(transaction, bundle) or configuration.refusal(bundle, envelope)
    if refused:
        raise WireError(f"block {block.number} does not follow from the configuration of {previous.number}: {refused}")
    return Link(block.number, block.hash, channelconfig.Bundle(bundle.channel_id, envelope.config))


def _sequel_refusal(block: blocks.Block, previous: Link) -> str | None:
    if block.number <= previous.number:
        return "it does not come after it"
    if block.number == previous.number + 1 and block.previous_hash != previous.hash:
        return "its previous hash is another"
    if block.last_config != block.number:
        return f"it names block {block.last_config} as its configuration"
    return None


def _creator_refusal(transaction: blocks.BlockTransaction, bundle: channelconfig.Bundle) -> str | None:
    if transaction.channel_id != bundle.channel_id:
        return f"it is for channel {transaction.channel_id}"
    creator = bundle.msps.validate(transaction.creator)
    if not creator.verify(transaction.payload, transaction.signature):
        return "the signature of its creator does not hold"
    return None
