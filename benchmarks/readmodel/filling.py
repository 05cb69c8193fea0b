"""Rows of a read model as the feeder writes them: of journeys with twenty events each, and their orders."""

from __future__ import annotations

from pathlib import Path

from gateway.store.database import Store

MSP_ID, CHANNEL, ORDERS_CHANNEL = "PlatformMSP", "trade", "ecommerce"
EVENTS_EACH = 20
STATES = ("placed", "confirmed", "shipped", "completed", "cancelled", "disputed")
MERCHANTS = tuple(f"Merchant{number:02}MSP" for number in range(20))
STEPS = (
    *("receiving", "storing", "packing", "loading", "departing", "arriving", "inspecting", "unloading"),
    *("transporting", "accepting", "shipping", "stocking", "holding", "commissioning", "repairing"),
)
STAGES = tuple(f"S{number:02}" for number in range(1, 21))
PLACES = tuple(f"https://example.com/place/VN{number:03}" for number in range(200))
EVENTS = tuple(f"Event{number}" for number in range(12))
_BEGAN, _APART = 1_790_000_000_000, 1_000


def journeys(events: int) -> int:
    """Return how many journeys have so many events."""
    return events // EVENTS_EACH


def at(number: int) -> int:
    """Return when the event of this number was recorded, in milliseconds since 1970."""
    return _BEGAN + number * _APART


def epc(journey: int) -> str:
    """Return the parcel of a journey."""
    return f"https://id.gs1.org/00/{journey:018}"


_TABLES = ("records", "labels", "events", "epcis_events", "epcis_names")


def fill(store: Store, before: int, events: int) -> None:
    """Add rows until there are so many *events*, of which *before* are there; the planner learns of them."""
    by_journey, by_event = (journeys(before), journeys(events) - 1), (before, events - 1)
    with store.connection(durable=False) as database:
        for statement, (first, last) in zip(_statements(), [by_journey] * 2 + [by_event] * 3, strict=True):
            database.driver.execute(statement, {"first": first, "last": last})
    with store.reading() as database:
        for table in _TABLES:
            database.driver.execute(f"VACUUM ANALYZE model_{table}")


def _statements() -> list[str]:
    """Return the statements of rows.sql as the driver takes them, to whom `%` is the sign of a parameter."""
    text = Path(__file__).with_name("rows.sql").read_text().format(
        msp_id=MSP_ID, channel=CHANNEL, orders_channel=ORDERS_CHANNEL, each=EVENTS_EACH, began=_BEGAN, apart=_APART,
        states=_array(STATES[:5]), merchants=_array(MERCHANTS), steps=_array(STEPS), stages=_array(STAGES),
        places=_array(PLACES), events=_array(EVENTS),
    )  # fmt: skip
    return [each.replace("%", "%%").replace("%%(", "%(") for each in text.split(";")]


def _array(values: tuple[str, ...]) -> str:
    return "ARRAY[" + ",".join(f"'{each}'" for each in values) + "]"
