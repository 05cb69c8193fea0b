"""A journey with a page, as its contracts write them, in blocks."""

from __future__ import annotations

import dataclasses
from typing import Any

from chaincode.domain.journeys import custody, epcis, pages
from chaincode.domain.journeys.journeys import Party
from chaincode.domain.register import stages
from hlf.codec import moments, records
from hlf.steps.events import BlockAndPrivateData
from tests.unit.domain.returns import returning
from tests.unit.gateway.readmodel.chain import Wrote, chain

RECORDER, STRANGER = "OriginCarrierMSP", "ForwarderMSP"
SSCC = "https://id.gs1.org/00/106141412345678908"
_MAY = tuple(stage.stage_id for stage in stages.STANDARD.of("forward"))
JOURNEY = returning.journey(parties=(Party(RECORDER, ("carrier",), _MAY), Party(STRANGER, ("forwarder",), ("S12",))))
_HELD = custody.opened("J1", RECORDER, returning.ORDERED, "CNSZX", in_hand=True)
BEGAN = returning.ORDERED + moments.DAY
# What the journey went through, an hour after each other.
_SEEN = (("S03", "storing", "CNSZX", ""), ("S10", "loading", "CNSZX", ""), ("S11", "departing", "CNYTN", "in_transit"))


def page(count: int = 3, *, recorder: str = RECORDER, **details: str) -> pages.Page:
    """Return the recorder's page with its first *count* events."""
    made = pages.Page("J1", recorder)
    for number, (stage_id, step, place, disposition) in enumerate(_SEEN[:count]):
        now = BEGAN + number * moments.HOUR
        seen = epcis.Observation(stage_id, step, str(moments.Moment(now, 480)), place, disposition, (), details)
        made = made.with_entry(pages.entry_of(JOURNEY, recorder, stages.STANDARD.stage(stage_id), seen, now))
    return made


def corrected(made: pages.Page) -> pages.Page:
    """Return the page with its last event declared an error."""
    wrong = made.entries[-1].event_id
    return made.with_entry(pages.corrected(JOURNEY, made, wrong, "incorrect_data", None, BEGAN + moments.DAY))


def wrote(made: pages.Page, *, opening: bool = False, **changed: Any) -> Wrote:
    """Return the transaction that writes a page, and before it the journey if it is the *opening*."""
    public: dict[tuple[str, ...], Any] = {
        ("page", made.journey_id, made.msp_id): records.plain(dataclasses.replace(made, **changed))
    }
    return Wrote({("journey", "J1"): records.plain(JOURNEY), **public} if opening else public)


def chained(*made: pages.Page) -> list[BlockAndPrivateData]:
    """Return a block for each state of the page; the first one opens the journey."""
    return chain(*([wrote(each, opening=not number)] for number, each in enumerate(made)))
