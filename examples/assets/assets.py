"""Assets that belong to organisations: create, hand over, read, list."""

from dataclasses import dataclass, replace

from hlf.codec import records
from hlf.shim import api


@dataclass(frozen=True)
class Asset:
    asset_id: str
    colour: str
    size: int
    owner: str


class Assets(api.Contract):
    """One key for each asset."""

    @api.transaction
    def create(self, ctx: api.Context, asset_id: str, colour: str, size: int) -> Asset:
        """Create an asset that belongs to the caller's organisation."""
        if ctx.stub.get_state(asset_id):
            raise api.Refused("EXISTS", f"there is an asset {asset_id} already")
        asset = Asset(asset_id, colour, size, ctx.client.msp_id)
        ctx.stub.put_state(asset_id, records.dumps(asset))
        return asset

    @api.transaction
    def hand_over(self, ctx: api.Context, asset_id: str, to_msp: str) -> Asset:
        """Give an asset to another organisation; only its owner may."""
        asset = self.read(ctx, asset_id)
        if ctx.client.msp_id != asset.owner:
            raise api.Refused("NOT_THE_OWNER", f"{asset_id} belongs to {asset.owner}")
        handed = replace(asset, owner=to_msp)
        ctx.stub.put_state(asset_id, records.dumps(handed))
        return handed

    @api.query
    def read(self, ctx: api.Context, asset_id: str) -> Asset:
        """Return an asset."""
        held = ctx.stub.get_state(asset_id)
        if not held:
            raise api.Refused("NOT_FOUND", f"there is no asset {asset_id}")
        return records.loads(Asset, held, "asset")

    @api.query
    def all(self, ctx: api.Context) -> list[Asset]:
        """Return all assets, in the order of their ids."""
        return [records.loads(Asset, found.value, "asset") for found in ctx.stub.get_state_by_range()]


chaincode = api.Chaincode("assets", [Assets])
