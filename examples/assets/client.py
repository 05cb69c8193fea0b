"""
Create an asset and hand it over: ``python client.py build/network``.

The folder is the one that ``hlf network up`` fills with profiles and users.
"""

import json
import sys
from pathlib import Path

import hlf


def hand_over(gateway: hlf.Gateway, asset_id: str, to_msp: str) -> dict[str, object]:
    """Create an asset, give it to another organisation, and return what the ledger has of it."""
    assets = gateway.network("mychannel").contract("assets")
    assets.submit("create", asset_id, "blue", "5")
    assets.submit("hand_over", asset_id, to_msp)
    found: dict[str, object] = json.loads(assets.evaluate("read", asset_id))
    return found


def main(state: Path) -> None:
    """Do it as a user of Org1MSP."""
    profile = hlf.Profile.load(state / "profiles/Org1MSP.json")
    identity, signer = hlf.load_user(state / "organisations/Org1MSP/users/User1", "Org1MSP")
    with hlf.connect(profile, identity, signer) as gateway:
        print(hand_over(gateway, "asset1", "Org2MSP"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
