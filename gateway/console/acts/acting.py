"""
Acts of people: a form, then a preview of who must endorse, who sees what and what every member reads, then the act.

Only what was previewed is sent: a form that was changed since shows the preview again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import redirect, request
from werkzeug.wrappers import Response as Redirect

from gateway.console.acts import actfields, checking
from gateway.console.acts.actfields import PersonAct, Values
from gateway.console.acts.actforms import ACTS
from gateway.console.blueprint import blueprint
from gateway.console.page import page
from gateway.fabric.ledgercalls import LedgerCall
from gateway.fabric.planning import UnplannedError
from gateway.http import auth, context, inputs, problems
from gateway.http.problems import Problem
from gateway.pages import localformats, places
from gateway.pages.languages import gettext
from hlf import errors
from hlf.codec.refusals import Refused

_NAMES = frozenset(field.name for act in ACTS.values() for field in act.fields)


@dataclass(frozen=True)
class ActPreview:
    """
    What the act would do.

    Attributes:
        private: (words, value) pairs that go to those in *seen_by* alone.
        public: (words, value) pairs that every member of the channel reads.
    """

    endorsers: tuple[str, ...]
    seen_by: tuple[str, ...]
    private: tuple[tuple[str, str], ...]
    public: tuple[tuple[str, str], ...]
    mark: str


@blueprint.route("/acts/<name>")
@auth.needs("write")
@inputs.takes(query=_NAMES)
def act(name: str) -> str:
    """Show the form of an act; the link to it has ids and known values."""
    found = _act(name)
    given = {field.name: request.args.get(field.name, "") for field in found.fields}
    started = dict(found.start(given)) if found.start else given
    return _form(found, _with_now(found, started))


@blueprint.route("/acts/<name>", methods=["POST"])
@auth.needs("write")
@inputs.takes(body=inputs.FORM)
def do(name: str) -> Redirect | str:
    """Preview an act, or do what was previewed."""
    found = _act(name)
    given = {field.name: request.form.get(field.name, "").strip() for field in found.fields}
    if wrong := checking.wrong(found, given):
        return _form(found, given, wrong=wrong)
    mark = _mark(given)
    try:
        try:
            call = found.call(given)
        except ValueError:
            return _form(found, given, wrong={})
        if request.form.get("previewed") != mark:
            return _form(found, given, _preview(found, given, call, mark))
        if found.do:
            found.do(given)
        else:
            context.submit(call)
        return redirect(found.back(given), 303)
    except (Refused, errors.EndorseError, errors.EvaluateError, UnplannedError, Problem) as error:
        refused = problems.of(error)
        if refused.outcome_open or refused.kind.status >= 500:
            raise
        return _form(found, given, wrong=checking.refused(found, refused.detail), refused=refused)


def _act(name: str) -> PersonAct:
    if name not in ACTS:
        raise Problem("NO_SUCH_ADDRESS", f"There is no act {name[:64]!r}")
    return ACTS[name]


def _preview(found: PersonAct, given: Values, call: LedgerCall, mark: str) -> ActPreview:
    planned = [context.plan(each) for each in (call, *(found.then(given) if found.then else ()))]
    return ActPreview(
        tuple(dict.fromkeys(who for each in planned for who in each.endorsers)),
        tuple(dict.fromkeys(who for each in planned for who in each.seen_by)),
        tuple(_shown(found, given, private=True)),
        tuple(_shown(found, given, private=False)),
        mark,
    )


def _shown(found: PersonAct, given: Values, *, private: bool) -> Iterator[tuple[str, str]]:
    """Yield the fields of the form as people read them: the private ones, or those that go into a block."""
    place = given.get("place", "")
    for field in found.fields:
        value = given[field.name]
        if not value or field.private != private:
            continue
        if field.kind == actfields.HASHED:
            value = gettext("fingerprint %(text)s…") % {"text": actfields.fingerprint(value)[:12]}
        elif field.kind == actfields.PLACE:
            value = places.name(value)
        elif field.choices is not None:
            value = dict(field.choices()).get(value, value)
        elif field.kind == actfields.TIME:
            value = localformats.moment(actfields.moment(given, place, field.name), place)
        elif field.kind == actfields.MONEY:
            value = localformats.money(actfields.minor(given, field.name), actfields.currency(given))
        yield gettext(field.words).partition(";")[0], value


def _with_now(found: PersonAct, given: dict[str, str]) -> dict[str, str]:
    """Return the values with the present time in an empty field of time."""
    now = datetime.now(UTC).astimezone(localformats.zone(given.get("place", "")))
    for field in found.fields:
        if field.kind == actfields.TIME and not field.optional and not given[field.name]:
            given[field.name] = now.replace(tzinfo=None).isoformat(timespec="minutes")
    return given


def _mark(given: Values) -> str:
    return hashlib.sha256(repr(sorted(given.items())).encode()).hexdigest()


def _form(
    found: PersonAct,
    given: Values,
    preview: ActPreview | None = None,
    wrong: Mapping[str, str] | None = None,
    refused: Problem | None = None,
) -> str:
    """Return the page of an act; *wrong* has the errors by field, and is empty if an error is about no single field."""
    known = wrong or {}
    to_correct = checking.editable(found, known)
    return page(
        "act.html",
        act=found,
        given=given,
        preview=preview,
        refused=refused,
        # A reason that a field shows is not said twice.
        said=checking.said(refused.detail)
        if refused and not to_correct and refused.detail != refused.kind.title
        else "",
        # Who is refused in the middle must know it.
        partly_done=bool(context.transactions()),
        incomplete=wrong is not None,
        wrong=known,
        to_correct=to_correct,
    )
