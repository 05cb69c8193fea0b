"""Views for reports: every column is a member that its record has, on both databases, whatever members write."""

from __future__ import annotations

import dataclasses
import types
import typing

import pytest
import sqlalchemy as sa

from chaincode.domain.disclosure.grants import Grant
from chaincode.domain.journeys.custody import Custody
from chaincode.domain.journeys.journeys import Journey
from chaincode.domain.journeys.units import ShippingUnit
from chaincode.domain.orders.carrierclaims import CarrierClaim
from chaincode.domain.orders.orders import Order, PublicOrder
from chaincode.domain.orders.payments import Payment
from chaincode.domain.returns.drawbacks import Drawback
from chaincode.domain.returns.returns import Return
from gateway.readmodel import changes, recordkinds
from gateway.readmodel.model import Model
from gateway.store import backends, migrating, reports
from gateway.store.database import Store
from tests.support.sources import ROOT
from tests.unit.gateway.readmodel.chain import Wrote, chain

RECORDS = {
    "orders": PublicOrder,
    "order-contents": Order,
    "journeys": Journey,
    "parcels": Custody,
    "units": ShippingUnit,
    "returns": Return,
    "disclosures": Grant,
    "payments": Payment,
    "carrier-claims": CarrierClaim,
    "drawbacks": Drawback,
}
MSP = "PlatformMSP"


def rows(store: Store, view: str) -> list[dict]:
    with store.reading() as database:
        asked = sa.select(sa.text("*")).select_from(sa.table(view))
        return [dict(row) for row in database.execute(asked).fetchall()]


@pytest.mark.parametrize("name", list(reports.REPORTS))
def test_every_column_is_a_member_of_its_record(name):
    """So a record that loses a member takes the column along, and no report is quietly empty."""
    report = reports.REPORTS[name]
    for column in report.columns:
        kind = RECORDS[report.kind]
        for part in column.path.split("."):
            kind = typing.get_type_hints(kind)[part]
            if isinstance(kind, types.UnionType):
                kind = next(each for each in typing.get_args(kind) if each is not types.NoneType)
        assert not dataclasses.is_dataclass(kind), f"{name}.{column.name} is no single value"


def test_there_is_a_view_for_each_kind_of_record():
    assert {each.kind for each in reports.REPORTS.values()} == set(recordkinds.KINDS)
    for report in reports.REPORTS.values():
        names = [each.name for each in (*reports.COMMON, *report.columns)]
        assert len(set(names)) == len(names)


def test_a_view_shows_what_the_model_has(opened):
    """Amounts are numbers, moments are times, and members that are missing are NULL."""
    store = opened()
    payment = {
        "payment_id": "P1",
        "terms": {"order_id": "O1", "currency": "USD", "amount": "46910"},
        "captured": 46910,
        "voided": True,
        "state": "captured",
    }
    wrote = [Wrote({("payment", "P1"): payment, ("journey", "J1"): {"order_id": "O1", "opened_at": 1_790_000_000_123}})]
    assert Model(store).apply(MSP, "trade", [changes.of(each) for each in chain(wrote)])
    (told,) = rows(store, "report_payments")
    assert (told["organisation"], told["channel"], told["id"], told["state"]) == (MSP, "trade", "P1", "captured")
    assert (told["order_id"], told["currency"]) == ("O1", "USD")
    assert [int(told[each]) for each in ("amount", "captured", "voided", "private")] == [46910, 46910, 1, 0]
    assert told["refunded"] is None
    (journey,) = rows(store, "report_journeys")
    moment = str(journey["opened_at"]).replace(" ", "T")
    assert moment.startswith("2026-09-21T")
    assert ".123" in moment
    assert str(journey["changed_at"])[:10] == "2026-09-21"
    assert [each["next_block"] for each in rows(store, "report_blocks")] == [1]
    assert rows(store, "report_events") == []


@pytest.mark.parametrize("value", ["abc", "\0", "9" * 400, -1, 1.5, [], {"a": 1}, None, True, "", "1e5", "١٢"])
def test_what_a_hostile_member_writes_stops_no_report(opened, value):
    """Under its own keys a peer that runs other code writes anything; others' rows are there all the same."""
    store = opened()
    hostile = {column.path.partition(".")[0]: value for each in reports.REPORTS.values() for column in each.columns}
    nested = {"terms": {"amount": value, "order_id": value}, "captured": value, "voided": value}
    blocks = [
        Wrote({(kind, "X1"): hostile for kind in recordkinds.KINDS.values()}),
        Wrote({("payment", "X2"): nested, ("payment", "P1"): {"captured": "7"}}),
    ]
    assert Model(store).apply(MSP, "trade", [changes.of(each) for each in chain(blocks)])
    for view in (*reports.REPORTS, *reports.OTHERS):
        rows(store, view)
    captured = {each["id"]: each["captured"] for each in rows(store, "report_payments")}
    assert int(captured["P1"]) == 7
    assert captured["X2"] is None or value is True


def test_the_steps_make_the_views_of_a_new_database(url, tmp_path, request):
    """There are two ways to them, as to the tables."""
    (tmp_path / "data").mkdir()
    other = request.getfixturevalue("postgresql_server") + "&options=-csearch_path%3Dpublic" if url else ""
    migrating.upgrade(stepped := backends.chosen(url, tmp_path / "data").url)
    Store(tmp_path / "new", other)
    new = backends.chosen(other, tmp_path / "new").url
    assert definitions(stepped) == definitions(new)
    assert set(definitions(new)) == {*reports.REPORTS, *reports.OTHERS}


def definitions(url: sa.URL) -> dict[str, str]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        return {name: str(inspector.get_view_definition(name)) for name in inspector.get_view_names()}


def test_the_page_has_the_tables():
    """The page for who draws reports ends with every view and column."""
    assert (ROOT / "docs" / "reports.md").read_text().endswith(reports.markdown())
