"""``protos.Endorser``: a peer's answer to one proposal, without a gateway in between."""

from __future__ import annotations

import grpc
from fabric_protos.peer import peer_pb2_grpc, proposal_pb2
from fabric_protos.peer import proposal_response_pb2 as responses

from hlf.network.engines.embedded.endorse.endorser import Endorser, RefusedError
from hlf.network.engines.embedded.wire import statuses
from hlf.network.engines.embedded.wire.requests import ProposalRequest


class EndorserService(peer_pb2_grpc.EndorserServicer):
    """The service of one peer."""

    def __init__(self, endorser: Endorser, most: int) -> None:
        """Endorse at most *most* proposals at once."""
        self.limit = statuses.Limit("protos.Endorser", most)
        self._endorser = endorser

    @statuses.answering
    async def ProcessProposal(  # noqa: N802 - the service's own name
        self, request: proposal_pb2.SignedProposal
    ) -> responses.ProposalResponse:
        """Endorse; refusals before the simulation are errors of the call, those after it are responses."""
        try:
            outcome = await self._endorser.process(ProposalRequest(request))
        except RefusedError as error:
            raise statuses.StatusError(grpc.StatusCode.UNKNOWN, str(error)) from None
        return outcome.message()
