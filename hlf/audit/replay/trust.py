"""The trusted block of a verification: a configuration block that you did not get with the chain."""

from __future__ import annotations

from dataclasses import dataclass

from hlf.errors import WireError
from hlf.wire import blocks
from hlf.wire.config import channelconfig


@dataclass(frozen=True, slots=True)
class Trust:
    """A trusted configuration block."""

    number: int
    hash: bytes
    bundle: channelconfig.Bundle

    @classmethod
    def of(cls, serialized: bytes) -> Trust:
        """
        Return the trust that a serialized configuration block gives.

        Raises:
            WireError: it is no configuration block, or its data are not those that its header names.
            ConfigError: its configuration cannot be used.
        """
        block = blocks.decode(serialized)
        if not block.is_configuration:
            raise WireError(f"the trusted block {block.number} holds no configuration; give a configuration block")
        if block.data_hash != block.computed_data_hash:
            raise WireError(f"the trusted block {block.number} is damaged: its data are not those its header names")
        return cls(block.number, block.hash, channelconfig.Bundle.from_config_block(serialized))

    def refusal(self, block: blocks.Block) -> str | None:
        """Return why a later *block* cannot be judged by this configuration; None if it can."""
        if block.last_config not in (None, self.number, block.number):
            words = f"block {block.number} was made under the configuration of block {block.last_config}, "
            return words + f"and the trusted one is block {self.number}: give block {block.last_config}"
        if block.number == self.number + 1 and block.previous_hash != self.hash:
            return f"block {block.number} does not follow the trusted block {self.number}: its previous hash is another"
        return None
