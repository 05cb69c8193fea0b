"""One rule a word: what a request's schema takes is what the domain takes, and no module has a rule of its own."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import marshmallow
import pytest

from chaincode.domain.register import participants
from gateway.http import words as fabric_words
from gateway.http.words import WordValidator
from gateway.trade import words
from gateway.trade.journeys.journey_schemas import ObservationSchema
from gateway.trade.register.participant_schemas import ParticipantSchema
from hlf.codec.refusals import Refused

ROOT = Path(__file__).parents[4]
WORDS = {
    name: value
    for module in (fabric_words, words)
    for name, value in vars(module).items()
    if isinstance(value, WordValidator)
}
EDGES = (
    "", " ", "\n", "a", "A", "0", "-1", "00", "1.5", "VN", "vn", "XX", "ZZZ", "VND", "XXX", "VNHAN", "VNHAN\n", "XXHAN",
    "VN-HN", "VN-", "XX-HN", "S00", "S01", "S22", "S23", "S99", "S1", "S100", "s01", "851830", "770000", "980000",
    "85183", "2026-W48", "2026-W53", "2025-W53", "2026-W00", "1969-W01", "2026-11-22", "2026-02-29",
    "1969-12-31", "2201-01-01",
    "2026-11-22T15:00:00Z", "2026-11-22T15:00:00+07:00", "2026-11-22T15:00:00.123456+07:00", "2026-11-22T25:00:00Z",
    "2026-11-22T15:00:00+15:00", "2026-11-22T15:00:00", "\u0662\u0660\u0662\u0666-11-22", "Org1MSP", "1Org", ".Org",
    "a_b", "Org1MSP\n", "a" * 64, "a" * 65, "f" * 64, "F" * 64, "g" * 64, "mychannel", "my-channel", "My", "a--b",
    "a__b",
    "9" * 18, "9" * 19, "\ud800", "\u00e9", "x y", "\u0660",
)  # fmt: skip
# Two letters are also the country of a certificate's subject, and every base64url is written so.
SMALL = {"[A-Z]{2}", "[-0-9A-Z_a-z]+", "[0-9]+", r"\d+"}
SET = re.compile(r"\[(\^?)([^]\\]+)\]")


@pytest.mark.parametrize("name", sorted(WORDS))
def test_a_schema_takes_what_the_domain_takes(name):
    """For every word and every edge: both take it or both refuse it, and what is taken fits the published pattern."""
    word = WORDS[name]
    taken = 0
    for text in EDGES:
        try:
            word.word.check("field", text)
        except Refused:
            with pytest.raises(marshmallow.ValidationError):
                word(text)
        else:
            assert word(text) == text
            assert word.regex.fullmatch(text)
            taken += 1
    assert 0 < taken < len(EDGES)


def test_a_stage_that_an_amendment_adds_is_a_stage_everywhere():
    """The catalogue may grow; S23 is refused by no schema and by no rule, only by a catalogue that lacks it."""
    body = {
        "msp_id": "NewMSP", "name": "New", "species": "core", "roles": ["forwarder"], "countries": ["VN"],
        "stages": ["S23"],
    }  # fmt: skip
    assert ParticipantSchema().load(body)["stages"] == ["S23"]
    assert participants.Participant("NewMSP", "New", "core", ("forwarder",), ("VN",), ("S23",)).stages == ("S23",)
    assert "stage_id" not in ObservationSchema().validate({"stage_id": "S23"})


def test_no_pattern_is_written_twice():
    """A pattern of some length that two modules compile is one rule in two places, in whatever order its sets are."""
    places = defaultdict(set)
    for room in ("hlf", "chaincode", "network", "gateway", "selat"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for pattern in _patterns(ast.parse(path.read_text())):
                places[SET.sub(_sorted, pattern)].add(path.relative_to(ROOT).as_posix())
    assert "[A-Z]{2}[2-9A-Z]{3}" in places, "the words' own patterns are looked at"
    twice = {pattern: sorted(found) for pattern, found in places.items() if len(found) > 1}
    assert {pattern: found for pattern, found in twice.items() if pattern not in SMALL} == {}


def _sorted(found: re.Match[str]) -> str:
    """Return a set of characters with its ranges and single characters in order."""
    return f"[{found[1]}{''.join(sorted(re.findall('.-.|.', found[2])))}]"


def _patterns(tree: ast.AST) -> set[str]:
    """Every constant that is compiled, matched, or made a word, without anchors and without capturing."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            pattern = node.args[0].value
            if called in ("compile", "fullmatch", "match", "Word", "Regexp") and isinstance(pattern, str):
                found.add(re.sub(r"^\^|\\Z$|\$$", "", pattern))
    return found


def test_patterns_stand_in_the_openapi_page(client):
    """A stranger's client can check a body before it sends it."""
    schema = client.get("/openapi.json").get_json()["components"]["schemas"]["Participant"]["properties"]
    assert schema["msp_id"]["pattern"] == f"^(?:{fabric_words.MSP_ID.word.pattern})$"
    assert schema["stages"]["items"]["pattern"] == f"^(?:{words.STAGE.word.pattern})$"


def test_no_module_of_the_gateway_says_a_bound_of_its_own():
    """What requests may have stands in `gateway/bounds.py`, or in the domain if contracts see it."""
    own = []
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        if path != ROOT / "gateway" / "bounds.py":
            calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
            names = [(getattr(each.func, "attr", getattr(each.func, "id", "")), each.lineno) for each in calls]
            own += [f"{path.relative_to(ROOT)}:{line}" for name, line in names if name in ("Range", "Length", "Bounds")]
    assert own == []


def test_the_trades_schemas_say_no_bound_of_their_own():
    """
    Numbers, lengths and choices come from the domain, so that both sides refuse the same.

    The schema of sellers once refused names that the contract takes, of 101 to 120 characters.
    """
    own = []
    for path in sorted((ROOT / "gateway/trade").rglob("*_schemas.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(node, "attr", getattr(node, "id", ""))
            if name in ("Range", "Length", "OneOf", "Regexp", "Bounds"):
                own.append(f"{path.name}:{node.lineno}")
    assert own == []
