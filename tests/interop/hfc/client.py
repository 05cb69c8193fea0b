"""
fabric-sdk-py (hfc) doing one thing after another; prints what it saw as JSON.

Runs in an environment of its own: its protos cannot share a process with the official ones.
"""

import asyncio
import json
import pathlib
import sys
import tempfile

from hfc.fabric import Client

PROFILE, MSP_ID, TASK = sys.argv[1:]
CHANNEL, CHAINCODE = "mychannel", "lab"
SETTINGS = json.loads(pathlib.Path(PROFILE).read_text())
PEERS = SETTINGS["organizations"][MSP_ID]["peers"]
ALL_PEERS = sorted(SETTINGS["peers"])


class Session:
    """A client with a user, an admin and the channel."""

    def __init__(self, folder):
        # hfc dials what the profile calls a URL as it stands, so it wants the address without a scheme.
        adapted = pathlib.Path(folder) / "profile.json"
        adapted.write_text(json.dumps(SETTINGS).replace("grpcs://", ""))
        self.client = Client(net_profile=str(adapted))
        self.user = self.client.get_user(MSP_ID, "User1")
        self.admin = self.client.get_user(MSP_ID, "Admin")
        self.client.new_channel(CHANNEL)

    async def query(self, function, *args):
        return await self.client.chaincode_query(
            requestor=self.user, channel_name=CHANNEL, peers=PEERS, args=list(args), cc_name=CHAINCODE, fcn=function
        )

    async def invoke(self, function, *args, peers=None, **more):
        return await self.client.chaincode_invoke(
            requestor=self.user, channel_name=CHANNEL, peers=peers or ALL_PEERS, args=list(args), cc_name=CHAINCODE,
            fcn=function, **more,
        )  # fmt: skip

    async def committed(self, function, *args, **more):
        """Invoke, and wait until the peers' events tell that the transaction is in a block."""
        return await self.invoke(function, *args, wait_for_event=True, wait_for_event_timeout=30, **more)


async def profile(session):
    """Return what the connection profile says, as hfc understands it."""
    return {
        "organizations": sorted(session.client.organizations),
        "peers": sorted(session.client.peers),
        "orderers": len(session.client.orderers),
        "user": session.user.msp_id,
    }


async def calls(session):
    """Return an invoke that waits for its event, and a query of what it wrote."""
    invoked = await session.committed("put", "hfc", "one")
    return {"invoked": invoked, "queried": await session.query("get", "hfc")}


async def transient(session):
    """Private data: in by transient data, out by a query of a member."""
    hidden = {"key": b"hfc-key", "value": b"secret"}
    await session.committed("putpvt", "own", transient_map=hidden, peers=PEERS)
    return {"own": await session.query("getpvt", "own", "hfc-key")}


async def ledger(session):
    """Chain information, a block and a transaction."""
    await session.committed("put", "ledger", "two")
    client, ask = session.client, {"requestor": session.admin, "channel_name": CHANNEL, "peers": PEERS}
    info = await client.query_info(**ask)
    block = await client.query_block(block_number=str(info.height - 1), **ask)
    envelope = block["data"]["data"][0]
    tx_id = envelope["payload"]["header"]["channel_header"]["tx_id"]
    transaction = await client.query_transaction(tx_id=tx_id, **ask)
    by_id = await client.query_block_by_txid(tx_id=tx_id, **ask)
    return {
        "height": info.height,
        "number": block["header"]["number"],
        "same_block": by_id["header"]["number"] == block["header"]["number"],
        "validation_code": transaction["validation_code"],
    }


async def channels(session):
    """Return the peer's channels and the channel's configuration."""
    client = session.client
    listed = await client.query_channels(requestor=session.admin, peers=PEERS)
    config = await client.get_channel_config(requestor=session.admin, channel_name=CHANNEL, peers=PEERS)
    groups = config[0].config.channel_group.groups["Application"].groups
    return {"channels": [each.channel_id for each in listed.channels], "organisations": sorted(groups)}


async def discovery(session):
    """Peers as discovery tells them, and a client that knows nothing but one peer when it begins."""
    peer = session.client.get_peer(PEERS[0])
    told = await session.client.query_peers(requestor=session.admin, peer=peer, channel=CHANNEL, local=False)
    newcomer = Client()
    await newcomer.init_with_discovery(session.admin, peer, CHANNEL)
    return {
        "told": sorted(told["local_peers"]),
        "organizations": sorted(newcomer.organizations, key=lambda name: (name == "OrdererMSP", name)),
        "peers": len(newcomer.peers),
        "orderers": len(newcomer.orderers),
    }


async def errors(session):
    """Return a chaincode's refusal."""
    try:
        return {"refused": await session.query("error", "no such luck")}
    except Exception as error:  # noqa: BLE001  (hfc raises lists of answers, of no class of its own)
        return {"refused": str(error)}


TASKS = {each.__name__: each for each in (profile, calls, transient, ledger, channels, discovery, errors)}


def main():
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    with tempfile.TemporaryDirectory() as folder:
        session = Session(folder)
        try:
            found = loop.run_until_complete(TASKS[TASK](session))
        finally:
            loop.run_until_complete(session.client.close_grpc_channels())
    print(json.dumps(found, default=str))  # noqa: T201  (the tests read it)


if __name__ == "__main__":
    main()
