"""A forecast beside the real orders, for its owner, from the orders that its own peer keeps."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from gateway.http import context
from gateway.pages import charts, localformats
from gateway.pages.charts import Course
from gateway.readmodel import queries, recordkinds, views
from gateway.readmodel.queries import Query

_LOW, _MIDDLE, _HIGH = "demand.units_p10_h87", "demand.units_p50_h87", "demand.units_p90_h87"
# Orders that are counted for one page, the newest ones.
_MOST, _PAGE = 5000, 500
_WEEK = 7


@dataclass(frozen=True)
class ForecastOutcome:
    """The outcome of a forecast until now; *expected* is its median (p50), spread evenly over the days so far."""

    ordered: int
    expected: int
    share: float
    complete: bool
    chart: Course


def of(values: Mapping[str, Any], orders: Iterable[Mapping[str, Any]], today: date) -> ForecastOutcome | None:
    """Return the outcome of a forecast by *orders* of its product in its countries; None for other claims."""
    if _MIDDLE not in values:
        return None
    start, end = (date.fromisoformat(values[f"horizon.{name}"]) for name in ("start", "end"))
    days = (end - start).days + 1
    past = min(max((today - start).days + 1, 0), days)
    countries = {str(region)[:2] for region in values["region.subdivisions"]}
    by_day: Counter[int] = Counter()
    seen = 0
    for seen, order in enumerate(orders, 1):
        day = (localformats.read(order["placed_at"]).date() - start).days
        if seen <= _MOST and 0 <= day < days and order["destination"][:2] in countries:
            by_day[day] += sum(line["quantity"] for line in order["lines"] if _is_of(line, values))
    steps = sorted({*range(_WEEK, past, _WEEK), past} - {0})
    sums = [(float(step), float(sum(n for day, n in by_day.items() if day < step))) for step in steps]
    middle = int(values[_MIDDLE])
    chart = charts.course(
        float(days),
        (float(values.get(_LOW, middle)), float(middle), float(values.get(_HIGH, middle))),
        sums,
        lambda day: localformats.day(start + timedelta(days=round(day)), width="short"),
        lambda units: localformats.number(round(units)),
    )
    return ForecastOutcome(by_day.total(), middle * past // days, past / days, seen <= _MOST, chart)


def orders(values: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the contents of the caller's newest orders with the product of a forecast: what is counted, and one."""
    views.refreshed()
    member, figure = _product(values)
    asked, left = Query("order-contents", where={f"lines.{member}": str(values.get(figure))}, limit=_PAGE), _MOST + 1
    while left > 0:
        found = queries.find(context.services().model, context.caller().msp_id, asked)
        yield from (each.document for each in found.records[:left])
        left -= len(found.records)
        if not found.cursor:
            return
        asked = dataclasses.replace(asked, cursor=found.cursor)


def _product(values: Mapping[str, Any]) -> tuple[str, str]:
    """Return the member of an order's line and the figure of a forecast that both name the product."""
    return ("gtin", "product.gtin14") if "product.gtin14" in values else ("hs6", "product.hs6")


def _is_of(line: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    member, figure = _product(values)
    return recordkinds.label(line[member]) == recordkinds.label(str(values[figure]))
