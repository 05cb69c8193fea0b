"""``hlf network peer-add|peer-remove``: the peers of an organisation of the consortium file, one more or one fewer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hlf.network import document, errors, parties
from hlf.network.commands import acts, editing
from hlf.network.commands.editing import item


@click.command("peer-add")
@acts.act
@click.argument("msp")
@click.argument("name")
def peer_add(msp: str, name: str) -> acts.Edit:
    """Start a further peer of an organisation; it joins its channels and runs its chaincodes: `peer-add AMSP peer1`."""

    def edit(text: str) -> str:
        held = _peers(text, msp)
        if any(each["name"] == name for each in held):
            raise errors.NetworkError(f"{msp} has a peer {name} already", "Choose another name.")
        return editing.put(text, ["organisations", item(msp_id=msp), "peers"], [*held, {"name": name}])

    return edit


@click.command("peer-remove")
@acts.act
@click.argument("msp")
@click.argument("name")
def peer_remove(msp: str, name: str) -> acts.Edit:
    """Stop a peer for good; its ledger and keys stay in the folder, and clients must use another one."""

    def edit(text: str) -> str:
        held = _peers(text, msp)
        left = [each for each in held if each["name"] != name]
        if left == held:
            known = ", ".join(each["name"] for each in held)
            raise errors.NetworkError(f"the file has no peer {name} of {msp}", f"It has {known}.")
        if not left:
            raise errors.NetworkError(
                f"{name} is the last peer of {msp}",
                "Remove the organisation: remove-organisation, or add a peer first.",
            )
        place: editing.Place = ["organisations", item(msp_id=msp)]
        anchors = editing.read(text, [*place, "anchors"])
        if anchors and name in anchors:
            rest = [each for each in anchors if each != name]
            text = editing.put(text, [*place, "anchors"], rest or [left[0]["name"]])
        return editing.put(text, [*place, "peers"], left)

    return edit


def _peers(text: str, msp: str) -> list[dict[str, Any]]:
    """Return an organisation's peers as the file may list them; those that it only counts are written out."""
    fields = dict(document.load(Path("the consortium file"), text).entries())
    found = {each.msp_id: each for each in map(parties.organisation, fields["organisations"].items())}
    if msp not in found:
        raise errors.NetworkError(f"the file has no organisation {msp}", f"It has {', '.join(found)}.")
    return [
        {
            "name": peer.name.removesuffix(f".{found[msp].domain}"),
            **({} if peer.port is None else {"port": peer.port}),
        }
        for peer in found[msp].peers
    ]


COMMANDS = (peer_add, peer_remove)
