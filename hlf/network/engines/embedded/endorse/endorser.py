"""
Endorsement: a proposal is checked, simulated and, if the chaincode agrees, signed.

The order is Fabric's: time and expiry, the proposal's consistency and its
creator, the access policy, the simulation. The step that refuses decides the
error text and what a gateway makes of it.
"""

from __future__ import annotations

import dataclasses
import datetime
import logging
from typing import TYPE_CHECKING

from fabric_protos.peer import chaincode_event_pb2, chaincode_pb2, chaincode_shim_pb2
from fabric_protos.peer import proposal_response_pb2 as responses
from google.protobuf import message

from hlf import errors
from hlf.network import errors as network_errors
from hlf.network.engines.embedded.endorse import access, chaincodes, dissemination, system, systemanswers
from hlf.network.engines.embedded.endorse.peer import SYSTEM_VERSION, Runnable, UndefinedError, is_system
from hlf.network.engines.embedded.endorse.simulator import SimulationError, Simulator
from hlf.network.engines.embedded.endorse.transactions import SimulatedTransaction
from hlf.network.engines.embedded.state import lifecycle
from hlf.network.engines.embedded.wire.requests import (
    AccessDeniedError,
    MalformedError,
    ProposalRequest,
    decode,
    expiry,
)
from hlf.wire import proposals

if TYPE_CHECKING:
    from hlf.network.engines.embedded.endorse import readwritesets
    from hlf.network.engines.embedded.endorse.peer import PeerState
    from hlf.network.engines.embedded.endorse.views import Views
    from hlf.network.engines.embedded.order.channels import OrderedChannel
    from hlf.wire import msp

log = logging.getLogger(__name__)

ERROR = 500
INITIALIZED = "\x00\U0010ffffinitialized"
_COMPLETED = chaincode_shim_pb2.ChaincodeMessage.COMPLETED
_ERROR_MESSAGE = chaincode_shim_pb2.ChaincodeMessage.ERROR


class RefusedError(Exception):
    """
    A proposal that is answered with an error instead of a response.

    ``answered`` is true if the endorser itself refused (for the gateway of the
    same peer the refusal is then final), and false for one of the filters before it.
    """

    def __init__(self, reason: str, *, answered: bool) -> None:
        super().__init__(reason)
        self.answered = answered


@dataclasses.dataclass(frozen=True)
class EndorsementOutcome:
    """
    The result of an endorsement.

    ``payload`` is None if the peer itself failed or the contract refused
    with a status below 500; ``endorsement`` is set only if the peer signed.
    """

    response: responses.Response
    payload: bytes | None = None
    endorsement: responses.Endorsement | None = None
    interest: responses.ChaincodeInterest | None = None

    def message(self) -> responses.ProposalResponse:
        """Return the outcome as a peer sends it."""
        return responses.ProposalResponse(
            version=1 if self.endorsement is not None else 0,
            response=self.response,
            payload=self.payload or b"",
            endorsement=self.endorsement,
            interest=self.interest,
        )


class Endorser:
    """Endorses for one peer."""

    def __init__(self, peer: PeerState, execute_timeout: float, views: Views) -> None:
        """Endorse for one peer; *views* give the other peers that can store private data."""
        self._peer = peer
        self._views = views
        self._runtime = chaincodes.Runtime(peer.packages, execute_timeout, self._invoke_from_chaincode)
        self._system = system.SystemChaincodes(peer)

    async def close(self) -> None:
        """End the conversations with chaincodes."""
        await self._runtime.close()

    async def process(self, request: ProposalRequest, *, evaluate: bool = False) -> EndorsementOutcome:
        """
        Endorse, or only *evaluate*, without signature, encoding and storage.

        Raises:
            RefusedError: this peer does not run the proposal.
        """
        try:
            channel, creator = self._admit(request)
            return await self._endorse(request, channel, creator, evaluate)
        except (UndefinedError, SimulationError, chaincodes.ExecutionError, lifecycle.LayoutError) as error:
            return EndorsementOutcome(responses.Response(status=ERROR, message=str(error)))

    def _admit(self, request: ProposalRequest) -> tuple[OrderedChannel | None, msp.Identity]:
        try:
            self._check_expiry(request)
            request.check_time()
        except MalformedError as error:
            raise RefusedError(str(error), answered=False) from None
        try:
            self._unpack(request)
            channel = None
            if request.channel_id:
                channel = self._peer.channel(request.channel_id)
                if channel is None:
                    raise UndefinedError(f"channel '{request.channel_id}' not found")
            return channel, self._check_creator(request, channel)
        except (MalformedError, AccessDeniedError) as error:
            raise RefusedError(str(error), answered=True) from None

    def _check_expiry(self, request: ProposalRequest) -> None:
        try:
            creator = request.creator
        except MalformedError as error:
            name = "signature header" if "SignatureHeader" in str(error) else "header" if "Header" in str(error) else ""
            raise MalformedError(f"failed parsing {name or 'proposal'}: {error}") from None
        expires = expiry(creator)
        if expires is not None and expires < datetime.datetime.now(datetime.UTC):
            raise MalformedError("proposal client identity expired")

    def _unpack(self, request: ProposalRequest) -> None:
        _ = request.chaincode
        _ = request.input

    def _check_creator(self, request: ProposalRequest, channel: OrderedChannel | None) -> msp.Identity:
        msps = channel.bundle.msps if channel is not None else self._peer.local.msps
        try:
            request.check_consistent()
            creator = request.authenticate(msps)
        except (MalformedError, AccessDeniedError) as error:
            raise MalformedError(f"error validating proposal: {error}") from None
        if channel is None:
            return creator
        if channel.ledger.transaction(request.transaction_id) is not None:
            raise MalformedError(
                f"duplicate transaction found [{request.transaction_id}]. Creator [{request.creator.hex()}]"
            )
        if not is_system(request.chaincode):
            refusal = access.refusal(access.PROPOSE, channel.bundle, channel.id, [creator])
            if refusal is not None:
                raise AccessDeniedError(refusal)
        return creator

    async def _endorse(
        self, request: ProposalRequest, channel: OrderedChannel | None, creator: msp.Identity, evaluate: bool
    ) -> EndorsementOutcome:
        name = request.chaincode
        if channel is None or name in ("qscc", "cscc"):
            return await self._simulate(request, channel, creator, None, evaluate)
        with channel.ledger.snapshot() as snapshot:
            members = frozenset(channel.bundle.application_msp_ids)
            simulator = Simulator(snapshot, channel.id, members, self._peer.msp_id, request.transaction_id)
            try:
                return await self._simulate(request, channel, creator, simulator, evaluate)
            finally:
                simulator.finish()

    async def _simulate(
        self,
        request: ProposalRequest,
        channel: OrderedChannel | None,
        creator: msp.Identity,
        simulator: Simulator | None,
        evaluate: bool,
    ) -> EndorsementOutcome:
        name = request.chaincode
        transaction = SimulatedTransaction(
            channel_id=request.channel_id,
            tx_id=request.transaction_id,
            namespace=name,
            signed_proposal=request.signed,
            creator=creator,
            bundle=channel.bundle if channel is not None else None,
            simulation=simulator,
        )
        try:
            runnable = self._runnable(transaction, name)
        except UndefinedError as error:
            raise UndefinedError(
                f"make sure the chaincode {name} has been successfully defined on channel {request.channel_id} and "
                f"try again: {error}"
            ) from None
        try:
            response, event = await self._execute(transaction, request)
            results = simulator.results() if simulator is not None and not evaluate else None
        except (SimulationError, chaincodes.ExecutionError) as error:
            raise UndefinedError(f"error in simulation: {error}") from None
        if evaluate:
            refused_below = proposals.ERROR_THRESHOLD <= response.status < ERROR
            return EndorsementOutcome(response, None if refused_below else b"")
        if channel is not None and results is not None and results.private is not None:
            try:
                dissemination.check(self._views.of(channel), self._peer, results.private)
                channel.ledger.stage_private(
                    request.transaction_id, self._peer.msp_id, results.private, channel.ledger.height
                )
            except dissemination.DisseminationError as error:
                raise UndefinedError(
                    f"error in simulation: failed to distribute private collection, txID {request.transaction_id}, "
                    f"channel {channel.id}: {error}"
                ) from None
            except network_errors.EngineError as error:
                raise UndefinedError(f"error in simulation: {error}") from None
        return self._sign(request, runnable, response, event, results)

    def _sign(
        self,
        request: ProposalRequest,
        runnable: Runnable,
        response: responses.Response,
        event: bytes,
        results: readwritesets.SimulationResults | None,
    ) -> EndorsementOutcome:
        interest = results.interest if results is not None else None
        payload = proposals.response_payload(
            request.hash,
            results.public if results is not None else b"",
            event,
            response,
            chaincode_pb2.ChaincodeID(name=request.chaincode, version=runnable.version),
        )
        if response.status >= ERROR:
            return EndorsementOutcome(response, payload, interest=interest)
        if not request.channel_id or response.status >= proposals.ERROR_THRESHOLD:
            return EndorsementOutcome(response)
        local = self._peer.local
        endorsement = responses.Endorsement(endorser=local.serialized, signature=local.endorse(payload))
        return EndorsementOutcome(response, payload, endorsement, interest)

    # Chaincodes --------------------------------------------------------------------------------------------------

    def _runnable(self, transaction: SimulatedTransaction, name: str) -> Runnable:
        if is_system(name):
            return Runnable(SYSTEM_VERSION, "", init_required=False)
        channel = self._peer.channel(transaction.channel_id)
        simulator = transaction.simulation
        if channel is None or simulator is None:
            raise UndefinedError(f"could not get channel config for channel '{transaction.channel_id}'")
        sequence = lifecycle.sequence(lambda key: simulator.get_state(lifecycle.NAMESPACE, key), name)
        definition = channel.definition(name, simulator.snapshot) if sequence else None
        if definition is None:
            # Real peers look for a chaincode of the old lifecycle next; that read joins the read set.
            simulator.get_state("lscc", name)
            raise UndefinedError(f"chaincode {name} not found")
        return self._peer.chaincode(channel, simulator.snapshot, name, sequence, definition)

    async def _execute(
        self, transaction: SimulatedTransaction, request: ProposalRequest
    ) -> tuple[responses.Response, bytes]:
        try:
            answer = await self._run(transaction, request.input, request)
        except (UndefinedError, SimulationError, chaincodes.ExecutionError) as error:
            raise chaincodes.ExecutionError(f"failed to execute transaction {transaction.tx_id}: {error}") from None
        if answer.type == _ERROR_MESSAGE:
            text = answer.payload.decode(errors="replace")
            raise chaincodes.ExecutionError(f"transaction returned with failure: {text}")
        try:
            response = responses.Response.FromString(answer.payload)
        except message.DecodeError:
            raise chaincodes.ExecutionError(
                f"failed to unmarshal response for transaction {transaction.tx_id}: "
                "proto: cannot parse invalid wire-format data"
            ) from None
        if response.status >= proposals.ERROR_THRESHOLD or not answer.HasField("chaincode_event"):
            return response, b""
        event = chaincode_event_pb2.ChaincodeEvent(
            chaincode_id=request.chaincode,
            tx_id=transaction.tx_id,
            event_name=answer.chaincode_event.event_name,
            payload=answer.chaincode_event.payload,
        )
        return response, event.SerializeToString()

    async def _run(
        self, transaction: SimulatedTransaction, given: chaincode_pb2.ChaincodeInput, request: ProposalRequest
    ) -> chaincodes.Message:
        name = transaction.namespace
        if is_system(name):
            try:
                response = await self._system.run(transaction, tuple(given.args), request)
            except systemanswers.UnspeakableError as error:
                return chaincodes.Message(type=_ERROR_MESSAGE, payload=str(error).encode(), txid=transaction.tx_id)
            return chaincodes.Message(
                type=_COMPLETED,
                payload=response.SerializeToString(),
                txid=transaction.tx_id,
                channel_id=transaction.channel_id,
            )
        try:
            runnable = self._check_invocation(transaction, given)
        except UndefinedError as error:
            raise UndefinedError(f"invalid invocation: {error}") from None
        return await self._runtime.execute(runnable.package_id, transaction, given.SerializeToString())

    def _check_invocation(self, transaction: SimulatedTransaction, given: chaincode_pb2.ChaincodeInput) -> Runnable:
        name = transaction.namespace
        try:
            runnable = self._runnable(transaction, name)
        except UndefinedError as error:
            raise UndefinedError(
                f"[channel {transaction.channel_id}] failed to get chaincode container info for {name}: {error}"
            ) from None
        waiting = False
        if runnable.init_required:
            waiting = transaction.simulator.get_state(name, INITIALIZED) != runnable.version.encode()
        if given.is_init:
            if not runnable.init_required:
                raise UndefinedError(f"chaincode '{name}' does not require initialization but called as init")
            if not waiting:
                raise UndefinedError(f"chaincode '{name}' is already initialized but called as init")
            transaction.simulator.set_state(name, INITIALIZED, runnable.version.encode())
            transaction.is_init = True
        elif waiting:
            raise UndefinedError(
                f"chaincode '{name}' has not been initialized for this version, must call as init first"
            )
        return runnable

    async def _invoke_from_chaincode(self, calling: SimulatedTransaction, payload: bytes) -> bytes:
        """Carry out one chaincode's call of another; return the called one's message, encoded."""
        try:
            spec = decode(chaincode_pb2.ChaincodeSpec, payload)
        except MalformedError as error:
            raise SimulationError(f"unmarshal failed: {error}") from None
        name, _, channel_id = spec.chaincode_id.name.partition("/")
        name = name.partition(":")[0]
        channel_id = channel_id or calling.channel_id
        request = ProposalRequest(calling.signed_proposal)
        bundle = calling.bundle
        if channel_id != calling.channel_id:
            channel = self._peer.channel(channel_id)
            bundle = channel.bundle if channel is not None else None
        if not is_system(name):
            refusal = access.proposal_refusal(
                access.CHAINCODE_TO_CHAINCODE, bundle, channel_id, request, self._peer.local
            )
            if refusal is not None:
                raise SimulationError(refusal)
        given = spec.input
        given.ClearField("decorations")
        called = calling.in_namespace(name)
        try:
            if channel_id == calling.channel_id:
                answer = await self._run(called, given, request)
            else:
                answer = await self._run_elsewhere(called, channel_id, given, request)
        except (UndefinedError, chaincodes.ExecutionError) as error:
            raise SimulationError(f"execute failed: {error}") from None
        return answer.SerializeToString()

    async def _run_elsewhere(
        self,
        called: SimulatedTransaction,
        channel_id: str,
        given: chaincode_pb2.ChaincodeInput,
        request: ProposalRequest,
    ) -> chaincodes.Message:
        """Run on another channel: its state may be read, and writes are dropped."""
        channel = self._peer.channel(channel_id)
        if channel is None:
            raise SimulationError(f"failed to find ledger for channel: {channel_id}")
        with channel.ledger.snapshot() as snapshot:
            called.channel_id = channel_id
            called.bundle = channel.bundle
            called.simulation = simulated = Simulator(
                snapshot,
                channel_id,
                frozenset(channel.bundle.application_msp_ids),
                self._peer.msp_id,
                called.tx_id,
            )
            try:
                called.creator = channel.bundle.msps.identity(request.creator)
                return await self._run(called, given, request)
            except errors.IdentityError as error:
                raise SimulationError(str(error)) from None
            finally:
                simulated.finish()
