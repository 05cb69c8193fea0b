"""Growth by members, parcels in a container, grants of a claim, and users of a wallet: processor of one call."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks import growth
from benchmarks.figures import Series
from gateway.fabric.wallet import Wallet
from hlf.network import certificates
from tests.unit.contracts import trading
from tests.unit.contracts.journeys.test_units import BOX, Yard
from tests.unit.contracts.trading import CUSTOMS, FORWARDER, MERCHANT, ORIGIN, PLATFORM, user

MEMBERS = (8, 15, 30, 45)
PARCELS = (1, 10, 100, 500)
GRANTS = (1, 10, 100, 1_000)
USERS = (1, 10, 100, 1_000)
_NAMES = ("demand.units_p50_h87", "product.hs6")

Calls = Mapping[str, Callable[[], object]]


def sizes(_: str) -> Iterator[Series]:
    """Yield milliseconds of processor at one peer, and of the gateway for a wallet; no network is needed."""
    yield from _grown("members", MEMBERS, _members)
    yield from _grown("parcels in it", PARCELS, _container)
    yield from _grown("grants", GRANTS, _claim)
    yield from _grown("users", USERS, _wallet)


def _grown(size: str, numbers: tuple[int, ...], calls: Callable[[int], Iterator[Calls]]) -> Iterator[Series]:
    spent: dict[str, list[tuple[int, float]]] = {}
    for number in numbers:
        for made in calls(number):
            for name, call in made.items():
                spent.setdefault(name, []).append((number, growth.processor(call)))
    for name, points in spent.items():
        yield Series(f"{name} by {size.split()[0]}", size, "ms", tuple(points))


def _members(number: int) -> Iterator[Calls]:
    channel = growth.played(number - len(trading.MEMBERS))
    opening = channel.opening("K-1", order=channel.order("O-K-1"))
    ledger = channel.ledger
    yield {
        "Journeys:open": lambda: ledger.endorse(
            "Journeys:open", opening, client=user(PLATFORM), endorsed_by=(PLATFORM,), at=growth.LATER
        ),
        "Participants:list": lambda: ledger.evaluate("Participants:list", client=user(CUSTOMS), at=growth.LATER),
    }


def _container(number: int) -> Iterator[Calls]:
    yard = Yard(number)
    for first in range(0, number, 100):
        yard.aggregate("ADD", yard.parcels[first : first + 100], 8)
    seen = yard.seen("S10", "loading", 9)
    ledger, at = yard.ledger, growth.LATER
    yield {
        "Units:record": lambda: ledger.endorse(
            "Units:record", BOX, seen, client=user(ORIGIN), endorsed_by=(ORIGIN,), at=at
        ),
        "Units:read": lambda: ledger.evaluate("Units:read", BOX, client=user(CUSTOMS), at=at),
        "Journeys:read of a parcel": lambda: ledger.evaluate("Journeys:read", "J1", client=user(CUSTOMS), at=at),
    }


def _claim(number: int) -> Iterator[Calls]:
    desk = trading.Desk(trading.trade_channel())
    claim = trading.Claim("forecast", MERCHANT, "c1", trading.FORECAST)
    claim.commit(desk.ledger)
    for grant in range(number):
        desk.grant(f"g{grant:04}", claim, trading.terms(claim, FORWARDER, *_NAMES))
    terms = trading.as_bytes(trading.terms(claim, FORWARDER, *_NAMES))
    own = user(MERCHANT)
    yield {
        "Disclosures:grant": lambda: desk.ledger.endorse(
            "Disclosures:grant", "g-next", client=own, endorsed_by=(MERCHANT,), transient={"grant": terms},
            at=trading.START,
        ),
        "Disclosures:show": lambda: desk.ledger.evaluate("Disclosures:show", "g0000", client=own, at=trading.START),
    }  # fmt: skip


def _wallet(number: int) -> Iterator[Calls]:
    with tempfile.TemporaryDirectory(prefix="selat-bench-") as folder:
        root = Path(folder)
        (root / "profiles").mkdir()
        (root / "profiles" / f"{MERCHANT}.json").write_text("{}")
        issued = certificates.identity(
            certificates.authority("ca", "merchant.example", "CN"), "User", "merchant.example", "CN", "client"
        )
        for each in range(number):
            user_folder = root / "organisations" / MERCHANT / "users" / f"User{each:04}"
            user_folder.mkdir(parents=True)
            (user_folder / "cert.pem").write_bytes(issued.certificate_pem)
            (user_folder / "key.pem").write_bytes(issued.key_pem)
        wallet = Wallet(root)
        yield {"Wallet.user": lambda: wallet.user(MERCHANT, "User0000")}
