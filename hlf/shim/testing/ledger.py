"""A channel in memory that endorses and commits the transactions of its chaincodes as Fabric does."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from fabric_protos.peer import proposal_pb2

from hlf.codec import canonical, parties, records
from hlf.errors import contract_refusal
from hlf.shim import api, invocation
from hlf.shim.errors import Refused
from hlf.shim.peerline import BatchLimits
from hlf.shim.testing.callers import START, Caller
from hlf.shim.testing.effects import Effects
from hlf.shim.testing.memory import OtherChannel, Simulation
from hlf.shim.testing.outcomes import (
    CallFailed,
    EndorsedTransaction,
    EndorsementMismatch,
    Event,
    Result,
    TransactionInvalid,
    UndeclaredAccess,
)
from hlf.shim.testing.worldstate import Collection, WorldState
from hlf.wire import proposals


class Ledger:
    """
    One channel with one chaincode (and *others* it may call), in memory.

    *endorsement* is the chaincode's policy in Fabric's language; without it
    only collections' and keys' own policies are enforced. *decorations* are
    what the peers add to the arguments.
    """

    def __init__(
        self,
        chaincode: invocation.Chaincode,
        members: Sequence[str],
        *,
        collections: Sequence[Collection] = (),
        endorsement: str = "",
        channel: str = "testing",
        others: Sequence[invocation.Chaincode] = (),
        limits: BatchLimits = BatchLimits(writes=100, reads=100),  # noqa: B008  (a frozen value)
        decorations: Mapping[str, bytes] | None = None,
    ) -> None:
        self.members = tuple(members)
        self.world = WorldState(channel, members, collections, endorsement)
        self._name = chaincode.name
        self._chaincodes = {each.name: each for each in (chaincode, *others)}
        self._limits = limits
        self._decorations = decorations
        self._elsewhere: dict[str, OtherChannel] = {}
        self._transactions = 0
        self._transcript = hashlib.sha256()

    def copy(self) -> Ledger:
        """
        Return a ledger of equal state, on which the next transaction has the same id.

        What is committed to either does not reach the other, so many tests can begin where one was set up. Channels
        that were joined are the same ones for both.
        """
        made = copy.copy(self)
        made.world = self.world.copy()
        made._elsewhere = dict(self._elsewhere)
        made._transcript = self._transcript.copy()
        return made

    def join(self, other: Ledger) -> None:
        """Let the chaincodes of this channel query those of the channel *other*, at peers that are members of both."""
        self._elsewhere[other.world.channel] = OtherChannel(other.world, other._chaincodes)

    def invoke(
        self,
        function: str,
        *args: Any,
        client: Caller,
        transient: Mapping[str, bytes] | None = None,
        peer: str = "",
        endorsed_by: Iterable[str] | None = None,
        at: datetime | None = None,
    ) -> Result:
        """
        Endorse and commit; arguments that are not text or bytes become canonical JSON.

        The endorsers are *endorsed_by*, or *peer* alone. By default they are those
        that the function declares, resolved as by a client, or those that the
        policies of the written keys need, as in Fabric's plans. For a function
        without a declaration it is the client's own organisation.

        Raises:
            UndeclaredAccess: the function breaks its declaration.
            Refused: the contract refused.
            CallFailed: the contract raised another exception, which is the cause.
            EndorsementMismatch: the endorsers' answers differ.
            TransactionInvalid: a policy is not satisfied or a read is stale.
        """
        return self.commit(
            self.endorse(function, *args, client=client, transient=transient, peer=peer, endorsed_by=endorsed_by, at=at)
        )

    def evaluate(
        self,
        function: str,
        *args: Any,
        client: Caller,
        transient: Mapping[str, bytes] | None = None,
        peer: str = "",
        at: datetime | None = None,
    ) -> Result:
        """Ask one peer, by default the client's own, and commit nothing; raises as :meth:`invoke` does."""
        at_peer = peer or client.msp_id
        return self.endorse(function, *args, client=client, transient=transient, peer=at_peer, at=at).result

    def endorse(
        self,
        function: str,
        *args: Any,
        client: Caller,
        transient: Mapping[str, bytes] | None = None,
        peer: str = "",
        endorsed_by: Iterable[str] | None = None,
        at: datetime | None = None,
    ) -> EndorsedTransaction:
        """Run the transaction at its endorsers without a commit."""
        declared: tuple[str, ...] = ()
        by_policies = False
        if endorsed_by is None and not peer:
            declared = self._declared_endorsers(function, args, client, transient or {})
            by_policies = self._left_to_policies(function)
        endorsers = sorted(set(endorsed_by or declared)) or [peer or client.msp_id]
        self._transactions += 1
        at = at or START + timedelta(seconds=self._transactions - 1)
        encoded = [function.encode(), *map(_encoded, args)]
        proposal = proposals.new(
            self.world.channel,
            self._name,
            encoded,
            client.serialized,
            transient=transient,
            nonce=self._transactions.to_bytes(24, "big"),
            timestamp=at,
        )
        if by_policies:
            first = client.msp_id if client.msp_id in self.members else self.members[0]
            endorsers = self._wanted_by_policies(self._simulate(first, client, proposal, encoded)[1], first)
        answers = [self._simulate(endorser, client, proposal, encoded) for endorser in endorsers]
        for endorser, other in zip(endorsers[1:], answers[1:], strict=True):
            if other[0] != answers[0][0]:
                raise EndorsementMismatch(
                    f"{function} answers or writes otherwise at {endorser} than at {endorsers[0]}"
                )
        result, effects = answers[0]
        for endorser in declared:
            if effects and self.world.endorsed(self._name, effects, set(declared) - {endorser}):
                raise UndeclaredAccess(
                    f"{function} declares {endorser} an endorser, but nothing that it writes needs it"
                )
        for recorded in (result.rwset, result.private_rwset, result.payload, _event_bytes(result.event)):
            self._transcript.update(len(recorded).to_bytes(8, "big") + recorded)
        return EndorsedTransaction(result, frozenset(endorsers), at, effects)

    def commit(self, endorsed: EndorsedTransaction) -> Result:
        """
        Commit an endorsed transaction if it is still valid.

        Raises:
            TransactionInvalid: it is not; the error has Fabric's validation code.
        """
        code = self.world.commit(
            self._name, endorsed.effects, set(endorsed.endorsers), endorsed.result.tx_id, endorsed.at
        )
        if code != "VALID":
            raise TransactionInvalid(code)
        return endorsed.result

    def transcript(self) -> str:
        """
        Return a digest over the exact read-write sets, answers and events of all transactions so far.

        Equal runs must give equal transcripts, whatever PYTHONHASHSEED is.
        """
        return self._transcript.hexdigest()

    def _left_to_policies(self, function: str) -> bool:
        """Return whether the function leaves its endorsers to the policies."""
        chaincode = self._chaincodes[self._name]
        known = chaincode.functions.get(function) if isinstance(chaincode, api.Chaincode) else None
        return known is not None and known.declared.endorsed_by == ()

    def _wanted_by_policies(self, effects: Effects, first: str) -> list[str]:
        """
        Return *first* and the others that the policies of the written keys need; only *first* if no set works.
        """
        found = [first]
        for member in self.members:
            if self.world.endorsed(self._name, effects, set(found)):
                break
            found += [member] if member not in found else []
        if not self.world.endorsed(self._name, effects, set(found)):
            return [first]
        for member in found[1:]:
            others = [each for each in found if each != member]
            found = others if self.world.endorsed(self._name, effects, set(others)) else found
        return sorted(found)

    def _declared_endorsers(
        self, function: str, args: Sequence[Any], client: Caller, transient: Mapping[str, bytes]
    ) -> tuple[str, ...]:
        """Return the endorsers that the function declares; empty if it leaves them to policies or declares nothing."""
        chaincode = self._chaincodes[self._name]
        known = chaincode.functions.get(function) if isinstance(chaincode, api.Chaincode) else None
        if known is None or not known.declared.endorsed_by:
            return ()
        names = (parameter.name for parameter in known.parameters)
        arguments = {name: _encoded(arg).decode("utf-8", "replace") for name, arg in zip(names, args, strict=False)}
        call = parties.PlannedCall(client.msp_id, arguments, transient)

        def ask(query: str, asked: Sequence[str]) -> bytes:
            return self.evaluate(query, *asked, client=client).payload

        try:
            return parties.resolve(known.declared.endorsed_by, call, ask)
        except parties.PartyError:
            # The call lacks the value that names a party; at the caller's own peer the contract itself refuses it.
            return ()

    def _simulate(
        self, endorser: str, caller: Caller, proposal: proposals.UnsignedProposal, args: list[bytes]
    ) -> tuple[Result, Effects]:
        if endorser not in self.members:
            raise ValueError(f"{endorser} is not on the channel")
        line = Simulation(
            self.world,
            endorser,
            caller.msp_id,
            self._chaincodes,
            self._name,
            limits=self._limits,
            elsewhere=self._elsewhere,
            decorations=self._decorations,
        )
        signed = proposal_pb2.SignedProposal(proposal_bytes=proposal.bytes)
        stub = line.stub(proposal.transaction_id, args, signed)
        response = invocation.run(self._chaincodes[self._name], stub, init=False)
        if response.status >= 400:
            found = contract_refusal(response.message)
            if found and response.status == 400:
                raise Refused(*found) from response.cause
            raise CallFailed(response) from response.cause
        public, private = line.effects.encoded()
        result = Result(
            proposal.transaction_id,
            response.payload,
            Event(*stub.event) if stub.event else None,
            {key: value for (name, key), value in line.effects.writes.items() if name == self._name},
            {place[1:]: value for place, (value, _) in line.effects.private.items() if place[0] == self._name},
            line.effects.policies(self._name),
            public,
            private,
        )
        return result, line.effects


def _encoded(argument: Any) -> bytes:
    if isinstance(argument, bytes):
        return argument
    kind: Any = type(argument)
    value = records.writer(kind)(argument)
    # Values that are a text in JSON, such as words, decimal numbers and times, become that text.
    return value.encode() if isinstance(value, str) else canonical.dumps(value)


def _event_bytes(event: Event | None) -> bytes:
    return event.name.encode() + b"\0" + event.payload if event else b""
