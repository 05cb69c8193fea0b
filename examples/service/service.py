"""
Assets over HTTP: ``HLF_STATE=build/network uvicorn --factory service:create``.

It calls the contract of ../assets. One event loop serves many requests at once:
a request that waits for a block costs no thread.
"""

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

import hlf
from hlf import aio

STATUSES = {"NOT_FOUND": 404, "EXISTS": 409, "NOT_THE_OWNER": 403}


class New(BaseModel):
    """What the caller says of a new asset."""

    asset_id: str
    colour: str
    size: int


def create(state: Path | None = None) -> FastAPI:
    """Return the service, which calls the network of that folder as a user of Org1MSP."""
    state = state or Path(os.environ["HLF_STATE"])
    profile = hlf.Profile.load(state / "profiles/Org1MSP.json")
    user = hlf.load_user(state / "organisations/Org1MSP/users/User1", "Org1MSP")

    @contextlib.asynccontextmanager
    async def connected(app: FastAPI) -> AsyncIterator[None]:
        async with aio.connect(profile, *user) as gateway:
            app.state.assets = gateway.network("mychannel").contract("assets")
            yield

    app = FastAPI(title="Assets", lifespan=connected)

    @app.post("/assets", status_code=201)
    async def new(asset: New, request: Request) -> Response:
        """Create an asset; the answer comes once it is in a block."""
        answer = await request.app.state.assets.submit("create", asset.asset_id, asset.colour, str(asset.size))
        return Response(answer, 201, media_type="application/json")

    @app.get("/assets/{asset_id}")
    async def read(asset_id: str, request: Request) -> Response:
        """Return an asset as the organisation's own peer has it."""
        answer = await request.app.state.assets.evaluate("read", asset_id)
        return Response(answer, media_type="application/json")

    @app.exception_handler(hlf.errors.GatewayError)
    async def failed(request: Request, error: Any) -> JSONResponse:
        """Answer a contract's refusal with its code, and everything else without the network's own words."""
        if error.contract_code:
            status = STATUSES.get(error.contract_code, 400)
            return JSONResponse({"code": error.contract_code, "message": error.contract_message}, status)
        body = {"code": "NETWORK", "message": f"{error.stage} failed", "transaction_id": error.transaction_id}
        return JSONResponse(body, 502)

    return app
