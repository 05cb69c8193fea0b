"""The participation interface: joining over HTTP as ``osnadmin`` does it, and everything that is not a join."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import test_utils
from fabric_protos.common import common_pb2

from hlf.network.engines.embedded.services.participation import CHANNELS, ParticipationService
from tests.support.runningchannel import consortium

Client = test_utils.TestClient


def play(tmp_path, scenario: Callable[[Client], Awaitable[None]]) -> None:
    async def run() -> None:
        channels = consortium().channels(tmp_path)
        await channels.open()
        try:
            server = test_utils.TestServer(ParticipationService(channels, channels.orderers["orderer0"]).application())
            async with Client(server) as client:
                await scenario(client)
        finally:
            await channels.close()

    asyncio.run(asyncio.wait_for(run(), 30))


def form(name: str, content: bytes | str, filename: str | None = "config.block") -> aiohttp.FormData:
    data = aiohttp.FormData(default_to_multipart=True)
    data.add_field(name, content, filename=filename, content_type="application/octet-stream")
    return data


def genesis() -> bytes:
    return consortium().genesis().SerializeToString()


async def join(client: Client, block: bytes | None = None) -> tuple[int, dict]:
    answer = await client.post(CHANNELS, data=form("config-block", block or genesis()))
    return answer.status, await answer.json()


def test_a_channel_is_joined_shown_and_listed(tmp_path):
    """The answer says where the channel is to be found from now on."""

    async def scenario(client: Client) -> None:
        empty = await (await client.get(CHANNELS)).json()
        assert empty == {"systemChannel": None, "channels": None}
        answer = await client.post(CHANNELS, data=form("config-block", genesis()))
        described = {
            "name": "trade",
            "url": f"{CHANNELS}/trade",
            "consensusRelation": "consenter",
            "status": "active",
            "height": 1,
        }
        assert (answer.status, answer.headers["Location"]) == (201, f"{CHANNELS}/trade")
        assert await answer.json() == described
        shown = await client.get(f"{CHANNELS}/trade")
        assert (await shown.json(), shown.headers["Cache-Control"]) == (described, "no-store")
        listed = await (await client.get(CHANNELS)).json()
        assert listed["channels"] == [{"name": "trade", "url": f"{CHANNELS}/trade"}]

    play(tmp_path, scenario)


def test_a_channel_is_joined_once(tmp_path):
    """The second time, the methods that may follow are named."""

    async def scenario(client: Client) -> None:
        await join(client)
        answer = await client.post(CHANNELS, data=form("config-block", genesis()))
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, DELETE")
        assert await answer.json() == {"error": "cannot join: channel already exists"}

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (form("config-block", "no file", None), "form does not contains part key: config-block"),
        ({"config-block": "plain"}, "unsupported Content-Type: [application/x-www-form-urlencoded]"),
    ],
)
def test_what_is_no_join_is_refused(tmp_path, data, words):
    """As a JSON error; nothing is created."""

    async def scenario(client: Client) -> None:
        answer = await client.post(CHANNELS, data=data)
        assert answer.status == 400
        assert (await answer.json())["error"].startswith(words)
        assert (await (await client.get(CHANNELS)).json())["channels"] is None

    play(tmp_path, scenario)


def test_too_many_parts_are_refused(tmp_path):
    """One block a request."""

    async def scenario(client: Client) -> None:
        data = form("config-block", genesis())
        data.add_field("more", b"x", filename="more")
        answer = await client.post(CHANNELS, data=data)
        assert (answer.status, await answer.json()) == (400, {"error": "form contains too many parts"})

    play(tmp_path, scenario)


def test_a_body_that_is_no_form_is_refused(tmp_path):
    """A boundary that never comes is an error of the request."""

    async def scenario(client: Client) -> None:
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = await client.post(CHANNELS, data=b"nothing of the kind", headers=headers)
        assert answer.status == 400
        without = await client.post(CHANNELS, data=b"x", headers={"Content-Type": "multipart/form-data"})
        assert without.status == 400

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("nope", 404, "channel does not exist"),
        ("Bad!", 400, "invalid channel ID: 'Bad!' contains illegal characters"),
        ("trade/blocks/nope", 400, "invalid block ID: 'nope' not equal <newest|oldest|config|(number)>"),
        ("trade/blocks/-1", 400, "invalid block ID: '-1' not equal <newest|oldest|config|(number)>"),
        ("trade/blocks/7", 404, "failed to retrieve block 7"),
        ("trade/blocks/99999999999999999999", 404, "failed to retrieve block 99999999999999999999"),
    ],
)
def test_what_is_not_there_is_said_to_be(tmp_path, path, status, words):
    """Channels and blocks alike."""

    async def scenario(client: Client) -> None:
        await join(client)
        answer = await client.get(f"{CHANNELS}/{path}")
        assert (answer.status, await answer.json()) == (status, {"error": words})

    play(tmp_path, scenario)


@pytest.mark.parametrize("name", ["config", "oldest", "newest", "0"])
def test_blocks_are_handed_out_as_the_orderer_has_them(tmp_path, name):
    """Without what peers add to the metadata, so that another orderer could join with them."""

    async def scenario(client: Client) -> None:
        await join(client)
        answer = await client.get(f"{CHANNELS}/trade/blocks/{name}")
        assert answer.headers["Content-Type"] == "application/octet-stream"
        block = common_pb2.Block.FromString(await answer.read())
        assert block.metadata.metadata[common_pb2.TRANSACTIONS_FILTER] == b""
        assert block.header.number == 0

    play(tmp_path, scenario)


def test_other_methods_and_answers_are_refused(tmp_path):
    """What may be asked instead is named; only JSON is answered."""

    async def scenario(client: Client) -> None:
        await join(client)
        wrong = await client.patch(CHANNELS)
        assert (wrong.status, wrong.headers["Allow"]) == (405, "GET, POST, PUT")
        assert await wrong.json() == {"error": "invalid request method: PATCH"}
        unacceptable = await client.get(CHANNELS, headers={"Accept": "text/html"})
        assert unacceptable.status == 406
        mixed = await client.get(CHANNELS, headers={"Accept": "text/html, application/*;q=0.5"})
        assert mixed.status == 200
        moved = await client.get("/participation/v1/", allow_redirects=False)
        assert (moved.status, moved.headers["Location"]) == (302, CHANNELS)

    play(tmp_path, scenario)


def test_a_channel_that_was_left_is_gone(tmp_path):
    """Leaving what one takes no part in is an error."""

    async def scenario(client: Client) -> None:
        await join(client)
        assert (await client.delete(f"{CHANNELS}/trade")).status == 204
        again = await client.delete(f"{CHANNELS}/trade")
        assert (again.status, await again.json()) == (404, {"error": "cannot remove: channel does not exist"})
        assert (await client.get(f"{CHANNELS}/trade")).status == 404

    play(tmp_path, scenario)


def test_an_update_that_is_none_is_refused(tmp_path):
    """Only a CONFIG_UPDATE of a channel that is there."""

    async def scenario(client: Client) -> None:
        await join(client)
        for content, words in (
            (b"\xff\xff", "cannot unmarshal file part config-update-envelope into an envelope"),
            (b"", "invalid config update envelope: bad type"),
        ):
            answer = await client.put(CHANNELS, data=form("config-update-envelope", content))
            assert answer.status == 400
            assert (await answer.json())["error"].startswith(words)

    play(tmp_path, scenario)
