"""``hlf network orderer-add|orderer-remove``: the orderers of the consortium file, one more or one fewer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hlf.network import document, errors, parties
from hlf.network.commands import acts, editing


@click.command("orderer-add")
@acts.act
@click.argument("msp")
@click.argument("name")
@click.option("--domain", help="Of an organisation that has no orderer yet.")
def orderer_add(msp: str, name: str, domain: str | None) -> acts.Edit:
    """Start a further orderer and add it to every channel: `orderer-add OrdererMSP orderer1`."""

    def edit(text: str) -> str:
        found = _orderers(text)
        if msp not in found and domain is None:
            raise errors.NetworkError(f"{msp} has no orderer yet", "Name its domain: --domain orderer.example.com.")
        held = found.setdefault(msp, {"msp_id": msp, "domain": domain, "orderers": []})["orderers"]
        if any(each["name"] == name for each in held):
            raise errors.NetworkError(f"{msp} has an orderer {name} already", "Choose another name.")
        held.append({"name": name})
        return _written(text, found)

    return edit


@click.command("orderer-remove")
@acts.act
@click.argument("msp")
@click.argument("name")
def orderer_remove(msp: str, name: str) -> acts.Edit:
    """Take an orderer out of every channel and stop it."""

    def edit(text: str) -> str:
        found = _orderers(text)
        known = [f"{each['name']} of {owner}" for owner, held in found.items() for each in held["orderers"]]
        if f"{name} of {msp}" not in known:
            raise errors.NetworkError(f"the file has no orderer {name} of {msp}", f"It has {', '.join(known)}.")
        if len(known) == 1:
            raise errors.NetworkError("a channel needs an orderer, and this is the last", "Add another one first.")
        left = [each for each in found[msp]["orderers"] if each["name"] != name]
        found[msp]["orderers"] = left
        return _written(text, {owner: held for owner, held in found.items() if held["orderers"]})

    return edit


def _orderers(text: str) -> dict[str, Any]:
    """Return the organisations that order, by MSP id, as the file may list them; those by default are written out."""
    fields = dict(document.load(Path("the consortium file"), text).entries())
    return {
        each.msp_id: {
            "msp_id": each.msp_id,
            "domain": each.domain,
            **({} if each.host is None else {"host": each.host}),
            "orderers": [
                {
                    "name": orderer.name.removesuffix(f".{each.domain}"),
                    **({} if orderer.port is None else {"port": orderer.port}),
                    **({} if orderer.admin_port is None else {"admin_port": orderer.admin_port}),
                }
                for orderer in each.orderers
            ],
        }
        for each in parties.ordering(fields.get("orderers")).organisations
    }


def _written(text: str, found: dict[str, Any]) -> str:
    fields = dict(document.load(Path("the consortium file"), text).entries())
    consensus = parties.ordering(fields.get("orderers")).consensus
    return editing.put(text, ["orderers"], {"consensus": consensus, "organisations": list(found.values())})


COMMANDS = (orderer_add, orderer_remove)
