"""
Events of a consignment in GS1 EPCIS 2.0 (JSON-LD).

An organisation reports an `Observation`, and the contract makes an event from it. So every event on the ledger has
the same form, its ``eventID`` is the CBV event hash of its content, and ``recordTime`` is the transaction's time.
Words that are not in CBV (order_receiving, classifying, ...) are Selat's own and are written as full URIs. Places
are UN/LOCODEs and parties MSP ids, under URIs of Selat.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence

from chaincode.domain.journeys import digitallink, eventhash, goodsfacts, parcels
from chaincode.domain.refusals import Refusal
from chaincode.domain.register.stages import STANDARD, Stage
from chaincode.domain.vocabulary import places
from hlf.codec import moments, records
from hlf.codec.bounds import Bounds
from hlf.codec.refusals import invalid

VOCABULARY = parcels.VOCABULARY
NAMESPACES: Mapping[str, str] = {"selat": VOCABULARY}
CONTEXT: tuple[object, ...] = ("https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", dict(NAMESPACES))

AT_ONCE = Bounds(1, 50)
"""Events that one transaction may record."""

EVENT_ID = Bounds(1, 200)
"""Characters of an event's id."""

_DETAIL = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DETAIL_VALUE = 200
_MOST_DETAILS = 20
_MOST_IDENTIFIERS = 200
_HIDDEN = frozenset({*goodsfacts.ATTRIBUTES, "gtin", "hs", "hs8", "ahtn", "price", "value"})
"""Details that would tell all members what the channel keeps as commitments."""
_WORDS = ("po", "possessing_party")
"""Words of CBV that an event has besides its step and disposition."""
_EVERY_WORD = frozenset(word for stage in STANDARD.stages for word in (*stage.steps, *stage.dispositions)) | {*_WORDS}
_ACTIONS = {"commissioning": "ADD", "packing": "ADD", "unpacking": "DELETE", "destroying": "DELETE"}


@dataclasses.dataclass(frozen=True)
class Observation:
    """
    One event, as an organisation reports it.

    ``event_time`` has the place's offset (RFC 3339). ``epcs`` are the identifiers of the goods; if empty, the
    consignment's own. ``details`` are public facts of the stage, such as ``seal``; the kind of goods is private and
    never among them.
    """

    stage_id: str
    step: str
    event_time: str
    place: str
    disposition: str = ""
    epcs: tuple[str, ...] = ()
    details: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def moment(self) -> moments.Moment:
        """The time of the event.

        Raises:
            Refused: INVALID_ARGUMENT.
        """
        return moments.stated("observation.event_time", self.event_time)


def checked(observation: Observation, stage: Stage) -> Observation:
    """
    Return *observation* if an event of *stage* can be made of it.

    Raises:
        Refused: INVALID_ARGUMENT, STEP_NOT_OF_STAGE, DISPOSITION_NOT_OF_STAGE.
    """
    _ = observation.moment
    places.check_locode("observation.place", observation.place)
    if len(observation.epcs) > _MOST_IDENTIFIERS or len(observation.details) > _MOST_DETAILS:
        raise invalid("observation", f"has at most {_MOST_IDENTIFIERS} identifiers and {_MOST_DETAILS} details")
    for identifier in observation.epcs:
        parcels.identified(identifier, "observation.epcs")
    for name, value in observation.details.items():
        if not _DETAIL.fullmatch(name) or len(value) > _DETAIL_VALUE or not value.isprintable():
            raise invalid("observation.details", f"names are a-z, 0-9 and _, values printable, to {_DETAIL_VALUE} long")
        if name in _HIDDEN:
            raise invalid("observation.details", f"{name} is told to those who need it, by Goods:show, and not to all")
        if eventhash.is_time(name):
            # The event hash reads a field of this name as a time, and cannot hash one that is not.
            moments.stated(f"observation.details.{name}", value)
        elif instead := eventhash.unlike(value, (observation.step, observation.disposition, *_WORDS)):
            raise invalid(f"observation.details.{name}", instead)
    if observation.step not in stage.steps:
        raise Refusal.STEP_NOT_OF_STAGE(f"{stage.stage_id} has the steps {', '.join(stage.steps)}")
    if observation.disposition and observation.disposition not in stage.dispositions:
        known = ", ".join(stage.dispositions) or "none"
        raise Refusal.DISPOSITION_NOT_OF_STAGE(f"{stage.stage_id} has the dispositions {known}")
    return observation


def check_name(field: str, journey_id: str) -> None:
    """
    Raise Refused unless events can name a journey so, and GS1's program hashes them as this module does.

    Raises:
        Refused: INVALID_ARGUMENT.
    """
    if instead := eventhash.unlike(journey_id, _EVERY_WORD):
        raise invalid(field, instead)


def event(
    observation: Observation,
    stage: Stage,
    *,
    journey_id: str,
    order_id: str,
    epcs: Sequence[str],
    goods: Mapping[str, int],
    recorder: str,
    recorded_at: int,
    handover: tuple[str, str] | None = None,
) -> dict[str, object]:
    """
    Return the event for *observation*, complete with ``eventID`` and ``recordTime``.

    *epcs* are the consignment's identifiers. *goods* are its units by the commitment to what they are, for packages
    with units without identifiers. *handover* names the organisations that give and take custody.
    """
    moment = observation.moment
    made: dict[str, object] = {
        "type": stage.event,
        "eventTime": str(moment) if moment.offset_minutes else moments.text(moment.at),
        "eventTimeZoneOffset": moment.offset,
        "action": _ACTIONS.get(observation.step, "OBSERVE"),
        "bizStep": word("bizstep", observation.step),
        "readPoint": {"id": place(observation.place)},
        "bizTransactionList": [{"type": "po", "bizTransaction": f"{VOCABULARY}order/{order_id}"}],
    }
    made |= _identifiers(stage, list(observation.epcs or epcs), epcs[0], goods)
    if observation.disposition:
        made["disposition"] = observation.disposition
    if handover:
        giver, taker = handover
        made["sourceList"] = [{"type": "possessing_party", "source": party(giver)}]
        made["destinationList"] = [{"type": "possessing_party", "destination": party(taker)}]
    made |= {"selat:journey": journey_id, "selat:stage": stage.stage_id, "selat:recorder": party(recorder)}
    made |= extensions(observation.details)
    made["eventID"] = eventhash.event_id(made, NAMESPACES)
    made["recordTime"] = moments.text(recorded_at)
    return made


def extensions(details: Mapping[str, str]) -> dict[str, str]:
    """Return *details* as members of an event; times in UTC, because GS1's program hashes them unchanged."""
    return {
        f"selat:{name}": moments.text(moments.parse(value).at) if eventhash.is_time(name) else value
        for name, value in details.items()
    }


def _identifiers(stage: Stage, concerned: list[str], parent: str, goods: Mapping[str, int]) -> dict[str, object]:
    """Return the part of an event that identifies the goods; *parent* is the package of an AggregationEvent."""
    if stage.event != "AggregationEvent":
        return {"epcList": concerned}
    children = [epc for epc in concerned if digitallink.canonical(epc) != digitallink.canonical(parent)]
    if children:
        return {"parentID": parent, "childEPCs": children}
    quantities = [{"epcClass": f"{VOCABULARY}goods/{name}", "quantity": units} for name, units in sorted(goods.items())]
    return {"parentID": parent, "childQuantityList": quantities}


def declared_wrong(made: Mapping[str, object], reason: str, corrective_id: str, declared_at: int) -> dict[str, object]:
    """
    Return the declaration that *made* is an error (EPCIS 2.0, 7.4.1.4): the same event, with ``errorDeclaration``.

    The event hash does not cover it, so the ``eventID`` stays the same; the record's own hash changes.
    """
    declaration: dict[str, object] = {"declarationTime": moments.text(declared_at), "reason": reason}
    if corrective_id:
        declaration["correctiveEventIDs"] = [corrective_id]
    return {**made, "errorDeclaration": declaration, "recordTime": moments.text(declared_at)}


def record_hash(made: Mapping[str, object]) -> str:
    """Return the SHA-256 of the canonical form of the whole event; the event hash covers only a part."""
    return records.digest(made)


def document(events: Sequence[Mapping[str, object]], created_at: int) -> bytes:
    """
    Return *events* as an EPCIS document in the form of GS1's schema, in the order that GS1's hash generator reads.

    The members of the JSON are in a set order. The ledger has them in canonical order, but the generator hashes the
    members of a typed entry as they come, and in the standard the type is first.
    """
    told = {
        "@context": [CONTEXT[0], dict(NAMESPACES)],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": moments.text(created_at),
        "epcisBody": {"eventList": [_type_first(event) for event in events]},
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _type_first(value: object) -> object:
    """Return *value* with ``type`` as the first member of every object in it."""
    if isinstance(value, Mapping):
        return {name: _type_first(value[name]) for name in sorted(value, key=lambda name: name != "type")}
    return [_type_first(each) for each in value] if isinstance(value, list | tuple) else value


def word(kind: str, text: str) -> str:
    """Return a word of CBV as it is, or the URI of one of Selat's own (``selat:sorting``)."""
    return f"{VOCABULARY}{kind}/{text.removeprefix('selat:')}" if text.startswith("selat:") else text


def place(locode: str) -> str:
    """Return the URI of a UN/LOCODE place."""
    return f"{VOCABULARY}place/{locode}"


def place_of(made: Mapping[str, object]) -> str:
    """Return the UN/LOCODE where the event of `event` happened."""
    point = made["readPoint"]
    return str(point["id"]).removeprefix(f"{VOCABULARY}place/") if isinstance(point, Mapping) else ""


def identifiers_of(made: Mapping[str, object]) -> tuple[str, ...]:
    """Return the identifiers of goods in an event, perhaps written without the contract."""
    listed = [made.get("parentID")]
    for name in ("epcList", "childEPCs"):
        told = made.get(name)
        listed += told if isinstance(told, list | tuple) else []
    return tuple(each for each in listed if isinstance(each, str))


def has_step_and_time(made: Mapping[str, object], step: str, at: int) -> bool:
    """Return whether an event, perhaps written without the contract, is readable and has this step and time."""
    try:
        when = moments.parse(str(made.get("eventTime"))).at
    except ValueError:
        return False
    point, taking = made.get("readPoint"), made.get("destinationList", [])
    return (
        when == at
        and made.get("bizStep") == word("bizstep", step)
        and isinstance(point, Mapping)
        and str(point.get("id")).startswith(place(""))
        and isinstance(taking, list | tuple)
        and all(isinstance(each, Mapping) and "destination" in each for each in taking)
    )


def recorder_of(made: Mapping[str, object]) -> str:
    """Return the organisation that recorded the event of `event`, as the event says."""
    return str(made.get("selat:recorder", "")).removeprefix(f"{VOCABULARY}party/")


def taker_of(made: Mapping[str, object]) -> str:
    """Return the organisation that took custody by the event of `event`; empty if custody did not change."""
    listed = made.get("destinationList")
    if not isinstance(listed, list | tuple) or not listed:
        return ""
    return str(listed[0]["destination"]).removeprefix(f"{VOCABULARY}party/")


def party(msp_id: str) -> str:
    """Return the URI of an organisation."""
    return f"{VOCABULARY}party/{msp_id}"
