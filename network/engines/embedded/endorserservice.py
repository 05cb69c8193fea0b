"""``protos.Endorser``: a peer's answer to one proposal, without a gateway in between."""

from __future__ import annotations

import grpc
from fabric_protos.peer import peer_pb2_grpc

from network.engines.embedded import statuses
from network.engines.embedded.endorser import Endorser, RefusedError
from network.engines.embedded.requests import Request


class EndorserService(peer_pb2_grpc.EndorserServicer):
    """The service of one peer."""

    def __init__(self, endorser: Endorser) -> None:
        self._endorser = endorser

    async def ProcessProposal(self, request, context):  # noqa: N802 - the service's own name
        """Endorse; refusals before the simulation are errors of the call, those after it are responses."""
        try:
            outcome = await self._endorser.process(Request(request))
        except RefusedError as error:
            await statuses.abort(context, statuses.StatusError(grpc.StatusCode.UNKNOWN, str(error)))
        return outcome.message()
