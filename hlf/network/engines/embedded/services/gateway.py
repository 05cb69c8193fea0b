"""
``gateway.Gateway``: one service to evaluate, endorse and submit, and to follow events.

The endorsers of all organisations run in this process, so they are called as
functions. Their answers, and the error texts for refusals of other
organisations' peers, are those of real gateways.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

import grpc
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2, gateway_pb2_grpc
from fabric_protos.peer import proposal_pb2, transaction_pb2
from fabric_protos.peer import proposal_response_pb2 as responses
from google.protobuf import message

from hlf.network.engines.embedded.endorse import access
from hlf.network.engines.embedded.endorse.endorser import EndorsementOutcome, Endorser, RefusedError
from hlf.network.engines.embedded.services import broadcast, chaincodeevents, planning, plans
from hlf.network.engines.embedded.state.troubles import TroubleError
from hlf.network.engines.embedded.wire import statuses
from hlf.network.engines.embedded.wire.requests import INVALID_WIRE, AccessDeniedError, MalformedError, ProposalRequest
from hlf.network.engines.embedded.wire.statuses import StatusError
from hlf.wire import enumerations, msp

if TYPE_CHECKING:
    from fabric_protos.orderer import ab_pb2

    from hlf.network.engines.embedded.endorse.peer import PeerState
    from hlf.network.engines.embedded.endorse.views import Views
    from hlf.network.engines.embedded.order.channels import Channels
    from hlf.network.engines.embedded.wire.settings import PeerNodeSettings

Code = grpc.StatusCode
EVALUATE_FAILED = "failed to evaluate transaction, see attached details for more info"
FIRST_FAILED = "failed to endorse transaction, see attached details for more info"
COLLECT_FAILED = "failed to collect enough transaction endorsements, see attached details for more info"


@dataclasses.dataclass(frozen=True)
class EndorserAnswer:
    """The result of one endorser."""

    outcome: EndorsementOutcome | None = None
    code: Code = Code.OK
    reason: str = ""
    retry: bool = False


class GatewayService(gateway_pb2_grpc.GatewayServicer):
    """The gateway at one peer."""

    def __init__(
        self,
        peer: PeerState,
        endorsers_by_peer: Mapping[str, Endorser],
        views: Views,
        channels: Channels,
        settings: PeerNodeSettings,
    ) -> None:
        """*endorsers_by_peer* has the endorser of each peer of the network, *channels* its orderers."""
        self.limit = statuses.Limit("gateway.Gateway", settings.gateway_calls)
        self._endorsement_seconds = settings.endorsement_seconds
        self._peer = peer
        self._endorsers = endorsers_by_peer
        self._planner = planning.Planner(peer, views)
        self._channels = channels

    @statuses.answering
    async def Evaluate(self, request: gateway_pb2.EvaluateRequest) -> gateway_pb2.EvaluateResponse:  # noqa: N802 - the service's own name
        """Run a function at one peer and return its result."""
        return await self._evaluate(request)

    @statuses.answering
    async def Endorse(self, request: gateway_pb2.EndorseRequest) -> gateway_pb2.EndorseResponse:  # noqa: N802
        """Collect the endorsements that a transaction needs; return it for the client's signature."""
        return gateway_pb2.EndorseResponse(prepared_transaction=await self._endorse(request))

    @statuses.answering
    async def Submit(self, request: gateway_pb2.SubmitRequest) -> gateway_pb2.SubmitResponse:  # noqa: N802
        """Send a signed transaction to the orderer."""
        return await self._submit(request)

    @statuses.answering
    async def CommitStatus(  # noqa: N802
        self, request: gateway_pb2.SignedCommitStatusRequest
    ) -> gateway_pb2.CommitStatusResponse:
        """Wait until a transaction is in a block; return its validation code."""
        return await self._commit_status(request)

    @statuses.streaming
    async def ChaincodeEvents(  # noqa: N802
        self, request: gateway_pb2.SignedChaincodeEventsRequest, _: Any
    ) -> AsyncIterator[gateway_pb2.ChaincodeEventsResponse]:
        """Stream the events of a chaincode's valid transactions, one message a block."""
        async for response in chaincodeevents.follow(self._peer, request):
            yield response

    # Evaluate ----------------------------------------------------------------------------------------------------

    async def _evaluate(self, asked: gateway_pb2.EvaluateRequest) -> gateway_pb2.EvaluateResponse:
        request = ProposalRequest(asked.proposed_transaction)
        try:
            channel_id, name, transient = _target(request)
        except MalformedError as error:
            raise StatusError(Code.INVALID_ARGUMENT, f"failed to unpack transaction proposal: {error}") from None
        channel = self._peer.channel(channel_id)
        if channel is None:
            raise StatusError(Code.UNAVAILABLE, _no_config(channel_id))
        targets = tuple(asked.target_organizations)
        protected = transient and not targets
        candidates = self._planner.evaluators(channel, name, (self._peer.msp_id,) if protected else targets)
        if not candidates:
            reason = f"no peers available to evaluate chaincode {name} in channel {channel_id}"
            if protected:
                reason = (
                    "no endorsers found in the gateway's organization; retry specifying target organization(s) to "
                    f"protect transient data: {reason}"
                )
            raise StatusError(Code.FAILED_PRECONDITION, reason)
        details: list[gateway_pb2.ErrorDetail] = []
        for peer in candidates:
            answer = await self._ask(peer, request, evaluate=True)
            if answer.outcome is not None:
                return gateway_pb2.EvaluateResponse(result=answer.outcome.response)
            details.append(plans.detail(peer, answer.reason))
            if not answer.retry:
                raise StatusError(answer.code, f"evaluate call to endorser returned error: {answer.reason}", details)
        raise StatusError(answer.code, EVALUATE_FAILED, details)

    # Endorse -----------------------------------------------------------------------------------------------------

    async def _endorse(self, asked: gateway_pb2.EndorseRequest) -> common_pb2.Envelope:
        if not asked.proposed_transaction.proposal_bytes:
            raise StatusError(Code.INVALID_ARGUMENT, "the proposed transaction must contain a signed proposal")
        request = ProposalRequest(asked.proposed_transaction)
        try:
            channel_id = request.channel_id
            name = request.invocation.chaincode_spec.chaincode_id.name
            transient = bool(request.payload.TransientMap)
        except MalformedError as error:
            raise StatusError(Code.INVALID_ARGUMENT, str(error)) from None
        if asked.endorsing_organizations:
            plan = self._planner.for_organisations(channel_id, name, tuple(asked.endorsing_organizations))
        else:
            plan = await self._plan_from_first(request, channel_id, name, transient)
        while not plan.completed and (chosen := plan.endorsers()):
            exhausted = await asyncio.gather(*(self._collect(plan, peer, request) for peer in chosen))
            plan.abandon(*exhausted)
        if not plan.completed:
            raise StatusError(Code.ABORTED, COLLECT_FAILED, plan.details)
        return _prepare(request, plan)

    async def _collect(self, plan: plans.EndorsementSearch, peer: PeerState | None, request: ProposalRequest) -> str:
        """Ask *peer*, then others of its group while they refuse; return the group if nobody is left in it."""
        group = ""
        while peer is not None:
            answer = await self._ask(peer, request)
            if answer.outcome is None:
                plan.details.append(plans.detail(peer, answer.reason))
            elif plan.accept(peer, answer.outcome):
                return ""
            peer, group = plan.following(peer)
        return group

    async def _plan_from_first(
        self, request: ProposalRequest, channel_id: str, name: str, transient: bool
    ) -> plans.EndorsementSearch:
        """Endorse once, and plan by the reads and writes of that simulation."""
        default = responses.ChaincodeInterest(chaincodes=[responses.ChaincodeCall(name=name)])
        own = self._planner.by_organisation(channel_id, name).get(self._peer.msp_id)
        if own:
            plan = plans.EndorsementSearch([((self._peer.msp_id, 1),)], {self._peer.msp_id: own})
        elif transient:
            raise StatusError(
                Code.FAILED_PRECONDITION,
                "no endorsers found in the gateway's organization; retry specifying endorsing organization(s) to "
                "protect transient data",
            )
        else:
            plan = self._planner.for_interest(channel_id, default, None)
        first: PeerState | None = plan.endorsers()[0]
        details = []
        while first is not None:
            answer = await self._ask(first, request)
            if answer.outcome is not None:
                break
            details.append(plans.detail(first, answer.reason))
            first, _ = plan.following(first)
        else:
            raise StatusError(Code.ABORTED, FIRST_FAILED, details)
        interest = answer.outcome.interest
        if interest is None or not interest.chaincodes:
            interest = default
        plan = self._planner.protecting(channel_id, interest, first, transient)
        plan.accept(first, answer.outcome)
        return plan

    # Submit, CommitStatus ----------------------------------------------------------------------------------------

    async def _submit(self, asked: gateway_pb2.SubmitRequest) -> gateway_pb2.SubmitResponse:
        if not asked.HasField("prepared_transaction"):
            raise StatusError(Code.INVALID_ARGUMENT, "a prepared transaction is required")
        if not asked.prepared_transaction.signature:
            raise StatusError(Code.INVALID_ARGUMENT, "prepared transaction must be signed")
        channel = self._peer.channel(asked.channel_id)
        if channel is None:
            raise StatusError(Code.FAILED_PRECONDITION, _no_config(asked.channel_id))
        failed = "no orderers could successfully process transaction"
        # All orderers of a channel share its state, so one answers for all. If none is on the channel, any can say so.
        asking = channel.orderers.agreeing or list(self._channels.orderers.values())
        orderer = next((each for each in asking if each.running), None)
        told = [plans.detail(each, plans.unreachable(each.address)) for each in asking if not each.running]
        if orderer is None:
            raise StatusError(Code.UNAVAILABLE, failed, told)
        response = await broadcast.broadcast(self._channels, orderer, asked.prepared_transaction)
        if response.status == common_pb2.SUCCESS:
            return gateway_pb2.SubmitResponse()
        if common_pb2.BAD_REQUEST <= response.status < common_pb2.INTERNAL_SERVER_ERROR:
            raise StatusError(Code.ABORTED, _unsuccessful(response))
        # Real gateways do not pass on an orderer's reasons; real orderers have no such trouble.
        if channel.trouble is not None:
            told.append(plans.detail(orderer, _unsuccessful(response)))
        raise StatusError(Code.UNAVAILABLE, failed, told)

    async def _commit_status(self, signed: gateway_pb2.SignedCommitStatusRequest) -> gateway_pb2.CommitStatusResponse:
        if not signed.request:
            raise StatusError(Code.INVALID_ARGUMENT, "a commit status request is required")
        try:
            asked = gateway_pb2.CommitStatusRequest.FromString(signed.request)
        except message.DecodeError:
            raise StatusError(Code.INVALID_ARGUMENT, f"invalid status request: {INVALID_WIRE}") from None
        if not asked.identity:
            raise StatusError(Code.INVALID_ARGUMENT, "no identity provided")
        if not asked.channel_id:
            raise StatusError(Code.INVALID_ARGUMENT, "no channel ID provided")
        if not asked.transaction_id:
            raise StatusError(Code.INVALID_ARGUMENT, "transaction ID should not be empty")
        signature = msp.SignedData(signed.request, asked.identity, signed.signature)
        try:
            channel = self._peer.channel(asked.channel_id)
            channel = access.permitted(channel, access.COMMIT_STATUS, asked.channel_id, signature)
        except AccessDeniedError as error:
            raise StatusError(Code.PERMISSION_DENIED, str(error)) from None
        try:
            record = await channel.wait_transaction(asked.transaction_id)
        except TroubleError as error:
            # Clients try again after UNAVAILABLE, which helps if the trouble passes.
            raise StatusError(Code.UNAVAILABLE if error.trouble.passes else Code.INTERNAL, str(error)) from None
        return gateway_pb2.CommitStatusResponse(result=record.code, block_number=record.block_number)

    # Endorsers ---------------------------------------------------------------------------------------------------

    async def _ask(self, peer: PeerState, request: ProposalRequest, *, evaluate: bool = False) -> EndorserAnswer:
        endorser = self._endorsers[peer.name]
        local = peer is self._peer
        if not peer.running:
            return EndorserAnswer(None, Code.UNAVAILABLE, plans.unreachable(peer.address), retry=True)
        try:
            if local:
                # A real gateway calls its own peer as a function too, without a deadline.
                outcome = await endorser.process(request, evaluate=evaluate)
            else:
                async with peer.call(self._endorsement_seconds):
                    outcome = await endorser.process(request, evaluate=evaluate)
        except RefusedError as error:
            if not local:
                return EndorserAnswer(None, Code.UNAVAILABLE, f"rpc error: code = Unknown desc = {error}", retry=True)
            if error.answered:
                return EndorserAnswer(None, Code.FAILED_PRECONDITION, str(error))
            return EndorserAnswer(None, Code.UNAVAILABLE, str(error), retry=True)
        except TimeoutError:
            # The connections of a peer end when it stops.
            reason = plans.TIMED_OUT if peer.running else plans.LOST
            return EndorserAnswer(None, Code.UNAVAILABLE, reason, retry=True)
        size = 0 if local else _size(outcome, evaluate)
        if size > statuses.MAX_MESSAGE:
            reason = f"rpc error: code = ResourceExhausted desc = {statuses.too_large(size)}"
            return EndorserAnswer(None, Code.UNAVAILABLE, reason, retry=True)
        status, reason = outcome.response.status, outcome.response.message
        if 200 <= status < 400:
            return EndorserAnswer(outcome)
        if status == 500 and outcome.payload is None:
            return EndorserAnswer(None, Code.ABORTED, reason, retry=True)
        return EndorserAnswer(None, Code.UNKNOWN, f"chaincode response {status}, {reason}")


def _size(outcome: EndorsementOutcome, evaluate: bool) -> int:
    """Return the size of another peer's answer as a message, which has the contract's result twice."""
    signed = outcome.payload or b""
    if evaluate and outcome.payload is not None:
        # An evaluation encodes no payload. The least that a real peer would send is the result.
        signed = outcome.response.payload
    return outcome.response.ByteSize() + len(signed)


def _target(request: ProposalRequest) -> tuple[str, str, bool]:
    """Return channel, chaincode and whether there are transient data, checked in Fabric's order."""
    if not request.signed.proposal_bytes:
        raise MalformedError("a signed proposal is required")
    channel_id = request.channel_id
    spec = request.invocation
    if not channel_id:
        raise MalformedError("no channel id provided")
    if not spec.HasField("chaincode_spec"):
        raise MalformedError(f"no chaincode spec is provided, channel id [{channel_id}]")
    if not spec.chaincode_spec.HasField("chaincode_id"):
        raise MalformedError(f"no chaincode id is provided, channel id [{channel_id}]")
    name = spec.chaincode_spec.chaincode_id.name
    if not name:
        raise MalformedError(f"no chaincode name is provided, channel id [{channel_id}]")
    return channel_id, name, bool(request.payload.TransientMap)


def _prepare(request: ProposalRequest, plan: plans.EndorsementSearch) -> common_pb2.Envelope:
    """Return the transaction for the client's signature, without the transient map."""
    action = transaction_pb2.ChaincodeActionPayload(
        chaincode_proposal_payload=proposal_pb2.ChaincodeProposalPayload(
            input=request.payload.input
        ).SerializeToString(),
        action=transaction_pb2.ChaincodeEndorsedAction(
            proposal_response_payload=plan.payload or b"", endorsements=plan.unique_endorsements()
        ),
    )
    transaction = transaction_pb2.Transaction()
    transaction.actions.add(header=request.header.signature_header, payload=action.SerializeToString())
    payload = common_pb2.Payload(header=request.header, data=transaction.SerializeToString())
    return common_pb2.Envelope(payload=payload.SerializeToString())


def _unsuccessful(response: ab_pb2.BroadcastResponse) -> str:
    status = enumerations.name(common_pb2.Status, response.status)
    return f"received unsuccessful response from orderer: status={status}, info={response.info}"


def _no_config(channel_id: str) -> str:
    return f"failed to get config for channel [{channel_id}]: could not get last config for channel {channel_id}"
