"""The read model is what the blocks say, each exactly once, and each organisation's alone."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from chaincode.domain.journeys import parcels
from gateway.http.freshness import NotReachedError
from gateway.readmodel import changes, feeding, queries, recordkinds
from gateway.readmodel.feeding import Feeder
from gateway.readmodel.model import Model, OtherChainError
from gateway.readmodel.queries import Query
from gateway.store.tables import METADATA
from hlf import errors
from tests.unit.gateway.fakes import FakeLedgers
from tests.unit.gateway.readmodel import epcisjourney
from tests.unit.gateway.readmodel.chain import MVCC_READ_CONFLICT, Wrote, chain

MSP, OTHER = "PlatformMSP", "ForwarderMSP"
ROOT = Path(__file__).parents[4]


def order(number: int, state: str = "open", **more: object) -> Wrote:
    content = {"gtin": f"0950600013{number:04}", "salt": "c2FsdA"}
    return Wrote(
        {("order", f"O{number}"): {"order_id": f"O{number}", "state": state, **more}},
        {("order.content", f"O{number}"): content},
        event="OrderOpened",
    )


@pytest.fixture
def model(opened) -> Model:
    return Model(opened())


def fed(model: Model, *made: list[Wrote], msp_id: str = MSP) -> None:
    assert model.apply(msp_id, "trade", [changes.of(each) for each in chain(*made)])


def ids(model: Model, **asked: object) -> list[str]:
    return [each.id for each in queries.find(model, MSP, Query("orders", **asked)).records]


def contents(model: Model) -> dict[str, list[tuple]]:
    """Every row of the model's tables."""
    tables = [table for name, table in METADATA.tables.items() if name.startswith("model_")]
    with model.store.reading() as database:
        return {
            table.name: sorted(tuple(dict(row).values()) for row in database.execute(sa.select(table)).fetchall())
            for table in tables
        }


def test_a_record_is_as_its_last_valid_transaction_wrote_it(model):
    """Earlier values are gone, deleted records too, and a transaction that was marked invalid changed nothing."""
    fed(
        model,
        [order(1), order(2), order(3)],
        [Wrote({("order", "O1"): {"state": "confirmed"}, ("order", "O2"): None}, event="OrderConfirmed")],
        [Wrote({("order", "O3"): {"state": "lost"}}, event="OrderLost", code=MVCC_READ_CONFLICT)],
    )
    found = queries.find(model, MSP, Query("orders", sort="id")).records
    assert [(each.id, each.state, each.block_number, each.private) for each in found] == [
        ("O1", "confirmed", 1, False),
        ("O3", "open", 0, False),
    ]
    assert [each.name for each in queries.events(model, MSP).events] == ["OrderConfirmed", *["OrderOpened"] * 3]
    assert model.blocks(MSP) == {"trade": 2}


def test_private_records_are_there_until_the_channel_says_they_are_gone(model):
    """A deletion or purge shows on the channel by the key's hash alone."""
    fed(model, [order(1)], [Wrote({}, {("order.content", "O1"): None})])
    assert queries.find(model, MSP, Query("order-contents")).records == ()
    assert queries.search(model, MSP, "9506000130001") == ()


def test_a_model_is_its_organisations_alone(model):
    """What one was given by its own peer is in no answer to another."""
    fed(model, [order(1)])
    fed(model, [Wrote({("order", "O1"): {"order_id": "O1", "state": "open"}})], msp_id=OTHER)
    assert [each.kind for each in queries.search(model, MSP, "09506000130001")] == ["order-contents"]
    assert queries.search(model, OTHER, "09506000130001") == ()
    assert queries.find(model, OTHER, Query("order-contents")).records == ()
    assert queries.events(model, OTHER).events == ()


@pytest.mark.parametrize(
    ("typed", "read"),
    [("(00) 3 0614141-123456789 0", "306141411234567890"), ("9506000134352", "09506000134352"), ("o-77", "O77")],
)
def test_a_number_is_found_however_it_is_typed(model, typed, read):
    """Blanks, hyphens, parentheses, case and zeros in front are of the label's print, not of the number."""
    fed(model, [Wrote({("journey", "J1"): {"parcels": [{"sscc": read}]}})])
    assert [each.id for each in queries.search(model, MSP, typed)] == ["J1"]
    assert recordkinds.label(typed) == recordkinds.label(read) or recordkinds.label(read) in recordkinds.label(typed)


@pytest.mark.parametrize(
    ("identifier", "typed"),
    [
        ("https://id.gs1.org/00/106141412345678908", "(00) 106141412345678908"),
        ("urn:epc:id:sscc:0614141.1234567890", "106141412345678908"),
        ("https://id.gs1.org/01/09506000134352/21/SN-7", "9506000134352"),
        ("https://id.gs1.org/01/09506000134352/21/SN-7", "SN7"),
        (f"{parcels.S10}RR123456785VN", "RR 123 456 785 VN"),
        (f"{parcels.NUMBER}LastMileMSP/RR-7", "rr7"),
    ],
)
def test_a_parcel_is_found_by_the_number_on_its_label(model, identifier, typed):
    """The ledger keeps identifiers as URIs, which nobody types; the URI finds the parcel too."""
    fed(model, [Wrote({("custody", "J1"): {"parcel": identifier}})])
    assert [each.id for each in queries.search(model, MSP, typed)] == ["J1"]
    assert [each.id for each in queries.search(model, MSP, identifier)] == ["J1"]


def test_a_search_gives_equal_numbers_first_and_no_more_than_it_may(model):
    """Then those that begin with it."""
    fed(model, [Wrote({("order", f"A{number}"): {"x": 1}}) for number in (10, 1, 11, 100)])
    assert [each.id for each in queries.search(model, MSP, "A1")][0] == "A1"
    assert len(queries.search(model, MSP, "A1", limit=2)) == 2
    assert queries.search(model, MSP, "( -") == ()


def test_a_text_that_postgresql_does_not_keep_is_looked_for_in_vain(model):
    """As a filter of a webhook may have it: U+0000 does not count, and no question fails."""
    assert queries.search(model, "AMSP", "A\0B\0C", 10) == queries.search(model, "AMSP", "ABC", 10)
    assert queries.find(model, "AMSP", Query("orders", where={"merchant": "\0"})).records == ()


def test_a_search_goes_on_until_it_has_enough_records(model, monkeypatch):
    """A record comes once, by the first of its labels, however many of them begin so."""
    monkeypatch.setattr(queries, "_LABELS_AT_ONCE", 2)
    many = {f"n{number}": f"A1{number}" for number in range(5)}
    fed(model, [Wrote({("order", "A1"): many, ("order", "A15"): {"x": "A1"}, ("order", "A2"): {"x": 1}})])
    assert [each.id for each in queries.search(model, MSP, "A1")] == ["A1", "A15"]
    assert [each.id for each in queries.search(model, MSP, "A1", limit=1)] == ["A1"]
    assert [each.id for each in queries.search(model, MSP, "A")] == ["A1", "A15", "A2"]


def test_lists_are_filtered_sorted_and_paged(model):
    """Each record comes once, whatever the order and the size of a page."""
    fed(model, *([order(number, "open" if number % 3 else "closed", buyer=f"B{number % 2}")] for number in range(7)))
    assert ids(model, state="closed", sort="id") == ["O0", "O3", "O6"]
    assert ids(model, where={"buyer": "b1"}, state="open", sort="id") == ["O1", "O5"]
    assert ids(model, channel="other") == []
    for sort in queries.SORTS:
        whole, cursor, paged = ids(model, sort=sort), "", []
        while True:
            page = queries.find(model, MSP, Query("orders", sort=sort, cursor=cursor, limit=2))
            paged += [each.id for each in page.records]
            cursor = page.cursor
            if not cursor:
                break
        assert paged == whole
        assert sorted(whole) == [f"O{number}" for number in range(7)]
    assert ids(model, sort="changed") == ids(model, sort="-changed")[::-1]
    with pytest.raises(ValueError, match="cursor"):
        ids(model, cursor="bm9uc2Vuc2U=")


def test_events_come_by_pages_and_by_name(model):
    """Newest first, each once."""
    fed(model, *([order(number)] for number in range(5)))
    first = queries.events(model, MSP, limit=3)
    second = queries.events(model, MSP, limit=3, cursor=first.cursor)
    assert [each.block_number for each in (*first.events, *second.events)] == [4, 3, 2, 1, 0]
    assert (second.cursor, first.events[0].payload) == ("", {"id": "J1"})
    assert queries.events(model, MSP, name="OrderClosed").events == ()
    with pytest.raises(ValueError, match="cursor"):
        queries.events(model, MSP, cursor=first.cursor[4:])


def test_a_block_is_applied_once_by_whoever_is_first(opened):
    """Two gateways feed the same model; the second is told that it was not needed, and changes nothing."""
    one, other = Model(opened()), Model(opened())
    made = [changes.of(each) for each in chain([order(1)], [order(2)])]
    assert one.apply(MSP, "trade", made[:1])
    before = contents(one)
    assert not other.apply(MSP, "trade", made[:1])
    assert not other.apply(MSP, "trade", made[:1] + made[1:])
    assert contents(other) == before
    assert other.apply(MSP, "trade", made[1:])
    assert one.blocks(MSP) == {"trade": 1}


def test_blocks_of_another_chain_are_not_mixed_in(model):
    """The channel was made anew under its name."""
    fed(model, [order(1)])
    other = [changes.of(each) for each in chain([order(8)], [order(9)], name=b"other")]
    with pytest.raises(OtherChainError):
        model.apply(MSP, "trade", other[1:])
    assert ids(model) == ["O1"]


def test_after_kills_it_equals_one_that_was_rebuilt(opened, url, tmp_path):
    """Position and rows are one transaction, so a process that dies anywhere leaves no half block."""
    pages = [epcisjourney.wrote(epcisjourney.page(number % 4), opening=not number) for number in range(60)]
    made = chain(*([order(number), order(number // 2, "closed"), page] for number, page in enumerate(pages)))
    (tmp_path / "blocks").write_bytes(pickle.dumps(made))
    opened()
    chosen = random.Random(14)  # noqa: S311  The same moments each time.
    for _ in range(3):
        feeding = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.gateway.readmodel.chain", url, tmp_path / "data", tmp_path / "blocks"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        with feeding:
            for _ in range(chosen.randint(1, 12)):
                feeding.stdout.readline()
            feeding.kill()
    model, fresh = Model(opened()), Model(opened())
    rest = [changes.of(each) for each in made[model.next_block(MSP, "trade") :]]
    for each in rest:
        model.apply(MSP, "trade", [each])
    after_kills = contents(model)
    fresh.forget(MSP, "trade")
    assert contents(fresh)["model_records"] == []
    assert fresh.apply(MSP, "trade", [changes.of(each) for each in made])
    assert contents(fresh) == after_kills


def test_a_question_takes_over_what_has_come_since(model):
    """Channels that the organisation's peer does not have are passed over; blocks that are needed are waited for."""
    ledgers = FakeLedgers(chains={"trade": chain([order(1)])})
    Feeder(model, ledgers).refresh(MSP, "User1", ["ecommerce", "trade"], {})
    assert (ids(model), model.blocks(MSP)) == (["O1"], {"trade": 0})
    ledgers.chains["trade"] = chain([order(1)], [order(2)])
    feeder = Feeder(model, ledgers)
    feeder.refresh(MSP, "User1", ["trade"], {"trade": 1})
    assert ids(model, sort="id") == ["O1", "O2"]
    feeder.refresh(MSP, "User1", ["ecommerce", "trade"], {"ecommerce": 7, "trade": 1})
    with pytest.raises(NotReachedError):
        feeder.refresh(MSP, "User1", ["trade"], {"trade": 2})


def test_a_block_that_is_needed_is_waited_for(model, monkeypatch):
    """The organisation's peer may get it a moment later, as everywhere else."""
    monkeypatch.setattr(feeding, "_NEEDED_SECONDS", 60.0)
    ledgers, blocks = FakeLedgers(), chain([order(1)], [order(2)])
    later = iter([blocks[:1], blocks[:1], blocks])

    def height(*_: str) -> int:
        ledgers.chains["trade"] = next(later)
        return len(ledgers.chains["trade"])

    monkeypatch.setattr(ledgers, "height", height)
    Feeder(model, ledgers).refresh(MSP, "User1", ["trade"], {"trade": 1})
    assert ids(model, sort="id") == ["O1", "O2"]


def test_a_channel_made_anew_is_read_from_its_beginning(model):
    """Whether the new one is shorter, or has grown past the old one."""
    ledgers = FakeLedgers(chains={"trade": chain([order(1)], [order(2)])})
    feeder = Feeder(model, ledgers)
    feeder.catch_up(MSP, "User1", "trade")
    ledgers.chains["trade"] = chain([order(3)], name=b"new")
    assert feeder.catch_up(MSP, "User1", "trade") == 1
    assert ids(model) == ["O3"]
    ledgers.chains["trade"] = chain([order(4)], [order(5)], name=b"newer")
    feeder.catch_up(MSP, "User1", "trade")
    assert feeder.catch_up(MSP, "User1", "trade") == 2
    assert ids(model, sort="id") == ["O4", "O5"]


def test_a_peer_that_is_away_leaves_the_model_as_it_is(model):
    """Its answers say how far they go."""
    fed(model, [order(1)])
    Feeder(model, FakeLedgers()).refresh(MSP, "User1", ["trade"], {})
    assert ids(model) == ["O1"]
    with pytest.raises(errors.EvaluateError):
        Feeder(model, FakeLedgers()).catch_up(MSP, "User1", "trade")


def test_whatever_a_chaincode_writes_can_be_kept(model):
    """Another chaincode's keys, values that are no documents, and text that no database takes."""
    odd = {"text": "a\0b", "long": "x" * 500, "yes": True, "deep": [[{"n": 5}]]}
    fed(model, [Wrote({("journey", "J1"): odd, ("journey", "J2"): "text", ("journey", "J3"): [1], ("else", "x"): odd})])
    (found,) = queries.find(model, MSP, Query("journeys")).records
    assert found.document == odd
