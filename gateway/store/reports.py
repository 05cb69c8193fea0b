"""
Views of the read model for programs that draw reports, as SQL: one view for each kind of record, one column a member.

They are made by a step of the migrations, in the words of each database. A released view never changes; another
edition gets a module and a step of its own. Values come from the ledger, where a member that runs
other code may write anything under its own keys: a value that does not fit its column is NULL and causes no error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

TEXT, NUMBER, MOMENT, FLAG = "text", "number", "moment", "flag"
# The last millisecond of the year 9999.
_LAST = 253402300799999


@dataclass(frozen=True)
class ReportColumn:
    """A column: the path of its member in the document, and its meaning."""

    name: str
    path: str
    words: str
    kind: str = TEXT


@dataclass(frozen=True)
class ReportView:
    """A view: the records of one kind, as a person calls them."""

    kind: str
    words: str
    columns: tuple[ReportColumn, ...]


def _columns(*told: tuple[str, str] | tuple[str, str, str]) -> tuple[ReportColumn, ...]:
    """Return columns from paths, meanings and kinds; a column has the path's last name."""
    return tuple(ReportColumn(each[0].rpartition(".")[2], *each) for each in told)


_MINOR = "in minor units of the currency"

REPORTS: Mapping[str, ReportView] = MappingProxyType(
    {
        "report_orders": ReportView(
            "orders",
            "orders, as all members of the channel see them",
            _columns(
                ("platform", "MSP id of the platform"),
                ("merchant", "MSP id of the selling organisation"),
                ("journey_id", "the journey that fulfils it; empty without one"),
                ("reason", "why it was cancelled; empty otherwise"),
                ("terms.terms_id", "the return terms that are pinned"),
                ("terms.version", "their version", NUMBER),
            ),
        ),
        "report_order_contents": ReportView(
            "order-contents",
            "what was ordered, in the models of platform and merchant alone",
            _columns(
                ("platform", "MSP id of the platform"),
                ("merchant", "MSP id of the selling organisation"),
                ("placed_at", "when it was placed, as the platform stated it (RFC 3339)"),
                ("incoterm", "trade term"),
                ("origin", "UN/LOCODE"),
                ("destination", "UN/LOCODE"),
                ("currency", "ISO 4217 code of all its amounts"),
                ("freight", f"carriage, {_MINOR}", NUMBER),
                ("insurance", f"insurance, {_MINOR}", NUMBER),
                ("seller_id", "the seller under the organisation; empty without one"),
                ("checkout_id", "the basket; empty without one"),
            ),
        ),
        "report_journeys": ReportView(
            "journeys",
            "journeys of goods",
            _columns(
                ("kind", "forward, reverse or exchange"),
                ("order_id", "the order whose goods travel"),
                ("origin", "UN/LOCODE"),
                ("destination", "UN/LOCODE"),
                ("custodian", "MSP id of the organisation that had the goods first"),
                ("opened_by", "MSP id"),
                ("opened_at", "when it was opened", MOMENT),
                ("ordered_at", "when its order was placed", MOMENT),
                ("return_id", "the return that it carries; empty without one"),
            ),
        ),
        "report_parcels": ReportView(
            "parcels",
            "custody of the parcels of journeys",
            _columns(
                ("journey_id", "its journey"),
                ("parcel", "its identifier"),
                ("number", "how many hand-overs it has seen", NUMBER),
                ("ended_at", "when custody ended, by delivery or loss", MOMENT),
                ("ended_place", "UN/LOCODE where it ended"),
            ),
        ),
        "report_units": ReportView(
            "units",
            "shipping units: bags, pallets, containers, flights",
            _columns(
                ("kind", "what it is"),
                ("custodian", "MSP id of the organisation that had it first"),
                ("opened_by", "MSP id"),
                ("opened_at", "when it was opened", MOMENT),
            ),
        ),
        "report_returns": ReportView(
            "returns",
            "returns of goods",
            _columns(
                ("request.journey_id", "the journey that brought the goods"),
                ("request.line", "the commitment to the order line"),
                ("request.quantity", "units that come back", NUMBER),
                ("request.reason", "the buyer's reason"),
                ("request.resolution", "what the buyer wants"),
                ("roles.seller", "MSP id"),
                ("roles.carrier", "MSP id of the carrier that picks up"),
                ("roles.arbiter", "MSP id"),
                ("reverse_journey_id", "the journey back; empty without one"),
                ("due", "until when the present state has to be left", MOMENT),
            ),
        ),
        "report_disclosures": ReportView(
            "disclosures",
            "grants of attributes, in the models of owner, recipient and auditor alone",
            _columns(
                ("owner", "MSP id of the organisation whose figures they are"),
                ("terms.recipient", "MSP id, or the key of an outsider"),
                ("terms.claim_id", "the claim"),
                ("terms.revision", "its revision", NUMBER),
                ("terms.purpose", "what for"),
                ("granted_at", "since when (RFC 3339)"),
                ("terms.expires_at", "until when (RFC 3339)"),
                ("revoked_at", "when it was withdrawn (RFC 3339); empty if it was not"),
            ),
        ),
        "report_payments": ReportView(
            "payments",
            "payments, in the models of their parties alone",
            _columns(
                ("terms.order_id", "the order that is paid"),
                ("terms.platform", "MSP id"),
                ("terms.merchant", "MSP id"),
                ("terms.payments", "MSP id of the payment firm"),
                ("terms.currency", "ISO 4217 code"),
                ("terms.amount", f"authorised, {_MINOR}", NUMBER),
                ("captured", f"taken from the buyer, {_MINOR}", NUMBER),
                ("refunded", f"given back, {_MINOR}", NUMBER),
                ("settled", f"due to the selling organisation, {_MINOR}", NUMBER),
                ("netted", f"kept back for refunds after settlement, {_MINOR}", NUMBER),
                ("terms.settle_currency", "ISO 4217 code in which it is paid out"),
                ("paid_out", "paid out, in minor units of that currency", NUMBER),
                ("voided", "whether it was ended without a capture", FLAG),
            ),
        ),
        "report_carrier_claims": ReportView(
            "carrier-claims",
            "claims for lost or damaged goods",
            _columns(
                ("filing.journey_id", "the journey"),
                ("filing.kind", "lost or damaged"),
                ("filing.carrier", "MSP id of the carrier"),
                ("claimant", "MSP id"),
                ("filing.parcel", "the parcel; empty for all"),
                ("happened_at", "when it happened", MOMENT),
                ("due", "until when the present state has to be left", MOMENT),
            ),
        ),
        "report_drawbacks": ReportView(
            "drawbacks",
            "duty that customs give back",
            _columns(
                ("filing.return_id", "the return that took the goods back"),
                ("claimant", "MSP id"),
                ("customs", "MSP id"),
                ("journey_id", "the journey that brought the goods"),
                ("units", "units that left", NUMBER),
                ("paid_at", "when the duty was paid", MOMENT),
                ("left_at", "when the goods left", MOMENT),
                ("due", "until when the present state has to be left", MOMENT),
            ),
        ),
    }
)
"""The views of records, by their names."""

COMMON: tuple[ReportColumn, ...] = (
    ReportColumn("organisation", "msp_id", "MSP id of the organisation whose model has the record"),
    ReportColumn("channel", "channel", "the channel"),
    ReportColumn("id", "id", "the record's id"),
    ReportColumn("private", "private", "1 if the record is from a private collection, else 0", NUMBER),
    ReportColumn("state", "state", "its state; empty if it has none"),
    ReportColumn("block_number", "block_number", "the block that changed it last", NUMBER),
    ReportColumn("transaction_id", "transaction_id", "the transaction that changed it last"),
    ReportColumn("changed_at", "changed_at", "when that transaction was made, as its client stated it", MOMENT),
)
"""The first columns of each view of records; the path is the column of the table."""

EVENTS, EPCIS_EVENTS, BLOCKS = "report_events", "report_epcis_events", "report_blocks"
OTHERS: Mapping[str, tuple[str, tuple[ReportColumn, ...]]] = MappingProxyType(
    {
        EVENTS: (
            "events of chaincodes",
            (
                *COMMON[:2],
                ReportColumn("block_number", "block_number", "the block", NUMBER),
                ReportColumn("place", "index", "place of its transaction in the block", NUMBER),
                ReportColumn("chaincode", "chaincode", "the chaincode"),
                ReportColumn("name", "name", "the event's name"),
                ReportColumn("transaction_id", "transaction_id", "the transaction"),
                ReportColumn("at", "at", "when the transaction was made, as its client stated it", MOMENT),
                ReportColumn("payload", "payload", "the event's JSON; empty if it is none"),
            ),
        ),
        EPCIS_EVENTS: (
            "EPCIS events",
            (
                *COMMON[:2],
                ReportColumn("hash", "hash", "SHA-256 of the whole record"),
                ReportColumn("block_number", "block_number", "the block that brought it", NUMBER),
                ReportColumn("at", "at", "when it happened", MOMENT),
                ReportColumn("recorded_at", "recorded_at", "when it was recorded", MOMENT),
                ReportColumn(
                    "declared_at", "declared_at", "when it was declared wrong, if it is such a declaration", MOMENT
                ),
                ReportColumn("document", "document", "the event, as JSON in the form of EPCIS 2.0"),
            ),
        ),
        BLOCKS: (
            "up to where each model goes",
            (
                *COMMON[:2],
                ReportColumn("next_block", "next_block", "the first block that is not in the model", NUMBER),
            ),
        ),
    }
)
"""The views that are not of records, with their meaning and columns; the path is the column of the table."""
_TABLES = {EVENTS: "model_events", EPCIS_EVENTS: "model_epcis_events", BLOCKS: "model_positions"}


def statements(dialect: str) -> Iterator[str]:
    """Yield the statements that make the views, for ``sqlite`` or ``postgresql``."""
    common = [(each, _own(each, dialect)) for each in COMMON]
    for name, report in REPORTS.items():
        members = [(each, _member(each, dialect)) for each in report.columns]
        yield _view(name, "model_records", [*common, *members], f" WHERE kind = '{report.kind}'")
    for name, (_, columns) in OTHERS.items():
        yield _view(name, _TABLES[name], [(each, _own(each, dialect)) for each in columns], "")


def _view(name: str, table: str, columns: list[tuple[ReportColumn, str]], where: str) -> str:
    listed = ", ".join(f'{sql} AS "{column.name}"' for column, sql in columns)
    return f"CREATE VIEW {name} AS SELECT {listed} FROM {table}{where}"  # noqa: S608  Constants of this module.


def _own(column: ReportColumn, dialect: str) -> str:
    """Return the SQL of a column of the table."""
    found = f'"{column.path}"'
    if column.kind != MOMENT:
        return found
    return f"CASE WHEN {found} BETWEEN 0 AND {_LAST} THEN {_moment(found, dialect)} END"


def _member(column: ReportColumn, dialect: str) -> str:
    """Return the SQL of a member of the document: NULL if it is not of the column's kind."""
    most = {NUMBER: 18, MOMENT: 14}.get(column.kind, 0)
    if dialect == "sqlite":
        text = f"json_extract(document, '$.{column.path}')"
        digits = f"CAST({text} AS TEXT) NOT GLOB '*[^0-9]*' AND length({text}) BETWEEN 1 AND {most}"
        number, true = f"CAST({text} AS INTEGER)", f"{text} = 1"
    else:
        # PostgreSQL cannot store U+0000, and would refuse the whole document for it.
        safe = "CASE WHEN strpos(document, '\\u0000') = 0 THEN document::json END"
        path = column.path.replace(".", ",")
        text = f"({safe} #>> '{{{path}}}')"
        digits = f"{text} ~ '^[0-9]{{1,{most}}}$'"
        number, true = f"{text}::numeric", f"{text} = 'true'"
    if column.kind == NUMBER:
        return f"CASE WHEN {digits} THEN {number} END"
    if column.kind == MOMENT:
        return f"CASE WHEN {digits} THEN {_moment(number, dialect)} END"
    return f"CASE WHEN {true} THEN 1 ELSE 0 END" if column.kind == FLAG else text


def _moment(milliseconds: str, dialect: str) -> str:
    if dialect == "sqlite":
        return f"strftime('%Y-%m-%dT%H:%M:%fZ', {milliseconds} / 1000.0, 'unixepoch')"
    return f"to_timestamp({milliseconds} / 1000.0)"


def markdown() -> str:
    """Return a table of the columns of each view, for docs/reports.md."""
    return "\n".join(_page())


def _page() -> Iterator[str]:
    yield from _described("Every view of records begins with these columns", COMMON)
    for name, report in REPORTS.items():
        yield from _described(f"`{name}`: {report.words}", report.columns)
    for name, (words, columns) in OTHERS.items():
        yield from _described(f"`{name}`: {words}", columns)


def _described(title: str, columns: tuple[ReportColumn, ...]) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| column | type | meaning |"
    yield "|---|---|---|"
    for each in columns:
        yield f"| `{each.name}` | {each.kind} | {each.words} |"
    yield ""
