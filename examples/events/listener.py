"""
Hear of every shipment, also of what happened while the listener was away: ``python listener.py build/network``.

The stream connects again by itself when the peer or the network breaks. The
checkpoint file holds how far the listener came. If it dies between `handle` and
the checkpoint, it gets that event once more: see ../exactly_once.
"""

import sys
from collections.abc import Callable, Generator
from pathlib import Path

import hlf


def follow(
    network: hlf.Network,
    checkpoint: hlf.checkpoints.File,
    handle: Callable[[hlf.ChaincodeEvent], None],
    *,
    start_block: int = 0,
) -> Generator[hlf.ChaincodeEvent, None, None]:
    """Yield each event once it is handled; begin at *start_block*, or where the checkpoint is."""
    with network.chaincode_events("shipments", start_block, checkpoint=checkpoint) as events:
        for event in events:
            handle(event)
            checkpoint.processed_event(event.block_number, event.transaction_id)
            yield event


def show(event: hlf.ChaincodeEvent) -> None:
    """Print an event."""
    print(f"block {event.block_number}: {event.payload.decode()} {event.name.lower()}")


def main(state: Path) -> None:
    """Print events until the process is ended."""
    profile = hlf.Profile.load(state / "profiles/Org1MSP.json")
    identity, signer = hlf.load_user(state / "organisations/Org1MSP/users/User1", "Org1MSP")
    with hlf.connect(profile, identity, signer) as gateway:
        for _ in follow(gateway.network("mychannel"), hlf.checkpoints.File("shipments.checkpoint"), show):
            pass


if __name__ == "__main__":
    main(Path(sys.argv[1]))
