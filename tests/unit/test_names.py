"""Names of classes: a name means one thing in all that ships."""

from __future__ import annotations

from collections import defaultdict

from tests.support import sources

CLIENTS = ("hlf.client", "hlf.aio")
"""The two clients have one set of names, so that users change between them by an import; they count as one room."""

FABRIC = "Fabric's word for one thing, of which each room shows its side, always said with the module"
SHARED = {
    "Certificate": "X.509's, and the matching's published proof that no chain costs less",
    "Chaincode": f"{FABRIC}: in the consortium file, of contracts, and what the server runs, a protocol",
    "Collection": f"{FABRIC}: in the consortium file, in a definition, and in the ledger of contracts' tests",
    "Contract": f"{FABRIC}: what authors of contracts derive from, and what clients call, as in Fabric's own libraries",
    "Event": f"{FABRIC}: in a transaction, and as the ledger of contracts' tests shows it",
    "Identity": "a user's own, `hlf.Identity`, and a member's as a node sees it, `msp.Identity`",
    "Orderer": f"{FABRIC}: in the consortium file, and as its administrator calls it",
    "Peer": f"{FABRIC}: in the consortium file, and as its administrator calls it",
    "PublicKey": "of `sealing`, and of a certificate",
    "Status": "of a transaction, as Fabric's clients call it, and what a shopper reads of a parcel",
}
"""Names that stand in several modules and may."""


def room(module: str) -> str:
    """Return the module, or the clients' common room."""
    return next(("hlf.client" for part in CLIENTS if module.startswith(f"{part}.")), module)


def test_no_two_classes_have_one_name():
    """Whoever reads a name should not have to ask which of two is meant; a new one takes a fuller name."""
    found: dict[str, set[str]] = defaultdict(set)
    for module, path in sources.modules().items():
        for name in sources.contents(path).classes:
            found[name].add(room(module))
    several = {name: modules for name, modules in found.items() if len(modules) > 1}
    assert {name: modules for name, modules in several.items() if name not in SHARED} == {}
    assert several.keys() == SHARED.keys(), "an exception is needed no more"


def test_a_client_has_a_name_once():
    """Within one of the clients a name means one thing, too."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for module, path in sources.modules().items():
        client = next((part for part in CLIENTS if module.startswith(f"{part}.")), None)
        for name in sources.contents(path).classes if client else ():
            found[client, name].append(module)
    assert {place: modules for place, modules in found.items() if len(modules) > 1} == {}
