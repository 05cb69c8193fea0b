"""
A page about exported blocks for people without a terminal: verdict, reasons and transactions.

It is one HTML file without scripts and without links to other files. Data from a ledger appear as text, with
unprintable characters as escapes. Arguments, results and private values are left out.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import jinja2

from hlf import audit
from hlf.audit.records import search, tables, visible
from hlf.audit.records.search import Filter, FoundTransaction
from hlf.audit.replay.report import CANNOT_TELL, DOES_NOT_HOLD

_MOST_LISTED = 100
_LONGEST_VALUE = 300
_PLACES = jinja2.Environment(
    loader=jinja2.PackageLoader("selat"), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
)
_PLACES.filters["shown"] = visible.text


def render(
    report: audit.Report, found: Sequence[FoundTransaction], wanted: Filter, *, more: bool, trusted: bool, now: datetime
) -> str:
    """
    Return the page.

    Args:
        found: the listed transactions; *more* says that the search found others.
        trusted: whether the verification had a trusted genesis block.
    """
    return _PLACES.get_template("report.html").render(
        report=report,
        verdict=_verdict(report, trusted=trusted),
        findings=[str(finding) for finding in report.findings[:_MOST_LISTED]],
        more_findings=max(0, len(report.findings) - _MOST_LISTED) + report.more_findings,
        invalid=[str(each) for each in report.invalid[:_MOST_LISTED]],
        more_invalid=max(0, len(report.invalid) - _MOST_LISTED),
        unsigned=[(name.replace("_", " "), str(share)) for name, share in sorted(report.unsigned.items())],
        codes=sorted(report.codes.items()),
        organisations=Counter(search.organisation(each.transaction.creator) or "unknown" for each in found),
        wanted={name: str(value) for name, value in _given(wanted).items()},
        transactions=[_transaction(each) for each in found],
        more=more,
        trusted=trusted,
        made_at=f"{now:%Y-%m-%d %H:%M:%S} UTC",
    )


def _verdict(report: audit.Report, *, trusted: bool) -> tuple[str, str]:
    """Return a CSS class and a text."""
    if report.verdict == DOES_NOT_HOLD:
        return "bad", "The blocks do not hold"
    if report.verdict == CANNOT_TELL:
        return "open", "Whether the blocks hold cannot be told: there is nothing to judge them by"
    if not report.complete:
        return "open", "The blocks hold as far as they go: without those before them, policies were not replayed"
    if not trusted:
        return "open", "The blocks agree with themselves; no genesis block from somebody trusted was given"
    return "good", "The blocks hold"


def _given(wanted: Filter) -> Mapping[str, Any]:
    return {field.name: value for field in dataclasses.fields(wanted) if (value := getattr(wanted, field.name))}


def _transaction(found: FoundTransaction) -> dict[str, Any]:
    (row,) = tables.TABLES["transactions"].rows(found, Filter())
    return {
        **row,
        "dated": f"{row['dated']:%Y-%m-%d %H:%M:%S}" if row["dated"] else "without a date",
        "written": [_written(each) for each in search.writes(found.transaction)],
        "events": list(tables.TABLES["events"].rows(found, Filter())),
    }


def _written(write: search.KeyWrite) -> dict[str, str]:
    if write.collection:
        value = "purged" if write.purged else "deleted" if write.deleted else f"SHA-256 {write.value_hash}"
        return {"place": f"{write.namespace}, private, {write.collection}", "key": write.key_hash, "value": value}
    value = "deleted" if write.deleted else visible.text(write.value or "", _LONGEST_VALUE)
    return {"place": write.namespace, "key": visible.key(write.key or ""), "value": value}
