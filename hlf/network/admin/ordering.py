"""Add orderers to the channels of a running network and remove them, one at a time, as consensus requires."""

from __future__ import annotations

import dataclasses
from typing import Any

from hlf import waiting
from hlf.admin import channel as channels
from hlf.network import channelconfig, engines, errors, state
from hlf.network.admin import chaincodes, updates
from hlf.network.admin.nodes import Nodes
from hlf.network.admin.observed import ChannelConfigs
from hlf.network.plan import configuration, leaving
from hlf.network.plan.steps import AddOrderer, RemoveOrderer
from hlf.network.state import Folder, Record
from hlf.network.topology import Consortium, Orderer
from hlf.wire.config import channelwords

_SETTLE_SECONDS = 60.0


class OrdererChanges:
    """The orderers of a network that is being changed from *base* to *wanted*."""

    def __init__(
        self,
        folder: Folder,
        record: Record,
        base: Consortium,
        wanted: Consortium,
        nodes: Nodes,
        found: ChannelConfigs,
    ) -> None:
        self._folder = folder
        self._record = record
        self._base = base
        self._wanted = wanted
        self._nodes = nodes
        self._found = found

    def add(self, step: AddOrderer) -> None:
        """
        Start an orderer, let it follow a channel, and make it a consenter; return when it is one.

        It must have all blocks before it counts, or the channel would stop and wait for it.

        Raises:
            ConfigError: (of ``hlf``) the channel refused the update.
            EngineError: it does not catch up.
        """
        orderer = next(each for each in self._wanted.orderers if self._record.inside(each.name) == step.address)
        group = channelconfig.group(self._folder, self._record, self._wanted, self._wanted.channel(step.channel))
        present = self._config(step.channel)
        if step.msp_id not in present.channel_group.groups["Orderer"].groups:
            self._put(step.channel, present, configuration.with_organisation(present, group, step))
        self._note(orderer)
        self._start(orderer)
        admin = self._nodes.orderer_admin(orderer)
        if step.channel not in admin.channels():
            block = channels.config_block(self._nodes.orderer(self.speaker(step.channel)), step.channel)
            admin.join(block.SerializeToString())
        self._wait(orderer, step.channel, "follows", lambda found: found.status in ("onboarding", "active"))
        self._wait(orderer, step.channel, "catches up with", lambda found: found.status == "active")
        present = self._config(step.channel)
        self._put(step.channel, present, configuration.with_consenter(present, group, step))
        self._wait(
            orderer,
            step.channel,
            "takes part in",
            lambda found: (found.relation, found.status) == ("consenter", "active"),
        )
        # Only now clients may send it anything.
        present = self._config(step.channel)
        self._put(step.channel, present, configuration.changed(present, group, step))

    def remove(self, step: RemoveOrderer) -> None:
        """
        Take an orderer out of a channel, when no client knows its address any more; its blocks stay where they are.

        Raises:
            ConfigError: (of ``hlf``) the channel refused the update.
        """
        present = self._config(step.channel)
        self._put(step.channel, present, configuration.without_address(present, step))
        present = self._config(step.channel)
        self._put(step.channel, present, configuration.changed(present, None, step))

    def _note(self, orderer: Orderer) -> None:
        """Record the orderer, so that every later start includes it: after the update the channel may need it."""
        organisation = next(each for each in self._wanted.ordering.organisations if each.msp_id == orderer.msp_id)
        fields = {name: getattr(organisation, name) for name in ("msp_id", "domain", "host")}
        self._record.orderers[orderer.name] = {name: value for name, value in fields.items() if value is not None}
        kept = state.existing(self._folder)
        state.write(self._folder, dataclasses.replace(kept, orderers=self._record.orderers))

    def _start(self, orderer: Orderer) -> None:
        """Start the orderer; running nodes go on."""
        coming = leaving.with_orderers(self._base, self._wanted, self._wanted.nodes)
        grown = dataclasses.replace(self._base, ordering=coming)
        builder = chaincodes.builder_configuration(self._record, chaincodes.package_all(self._record, self._base))
        engines.by_name(self._record.engine).start(self._folder, self._record, grown, builder, (), [orderer.name])

    def speaker(self, channel: str) -> Orderer:
        """Return an orderer that takes part in a channel before the change, and if there is one also after."""
        counted = channelwords.orderers(self._found.configs[channel].channel_group)
        agree = [each for each in self._base.orderers if counted.get(self._record.inside(each.name)) == each.msp_id]
        staying = {each.name for each in self._wanted.orderers}
        return next((each for each in agree if each.name in staying), (*agree, *self._base.orderers)[0])

    def _config(self, channel: str) -> Any:
        return channels.config(self._nodes.orderer(self.speaker(channel)), channel)

    def _put(self, channel: str, original: Any, changed: Any) -> None:
        if changed == original:
            return
        speaker = self.speaker(channel)
        updates.put_in_force(self._folder, self._base, self._nodes, channel, original, changed, speaker)

    def _wait(self, orderer: Orderer, channel: str, what: str, reached: Any) -> None:
        admin = self._nodes.orderer_admin(orderer)

        def done() -> bool:
            found = admin.channel(channel)
            return found is not None and reached(found)

        if not waiting.until(done, _SETTLE_SECONDS, every=0.1):
            raise errors.EngineError(
                f"after {_SETTLE_SECONDS:g} s {orderer.name} neither {what} channel {channel} nor says why",
                f"Its log: {self._folder.logs / orderer.name}.log; run the same command again.",
            )
