"""What a bidder does: seal a bid, and open it later."""

import json
import secrets

import hlf


class Bidder:
    """One organisation that bids."""

    def __init__(self, gateway: hlf.Gateway) -> None:
        self._msp_id = gateway.identity.msp_id
        self._bids = gateway.network("mychannel").contract("bids")

    def seal(self, lot: str, price: int) -> None:
        """
        Make a bid that nobody else can read.

        The value goes as transient data to the bidder's own peer. The salt keeps others from guessing the price by its
        hash. Without `endorsing_organizations` the gateway could ask peers of others, which would see the value.
        """
        bid = json.dumps({"price": price, "salt": secrets.token_hex(16)})
        self._bids.submit("seal", lot, transient={"bid": bid.encode()}, endorsing_organizations=[self._msp_id])

    def open(self, lot: str) -> None:
        """Let everybody read the bid."""
        self._bids.submit("open", lot, self._bids.evaluate("own", lot))

    def opened(self, lot: str) -> dict[str, int]:
        """Return the prices that are open, by organisation."""
        found = json.loads(self._bids.evaluate("opened", lot))
        return {msp_id: json.loads(bid)["price"] for msp_id, bid in found.items()}
