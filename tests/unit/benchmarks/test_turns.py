"""Rounds, medians and ratios: figures must say what was measured, or nobody can rely on a comparison."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks import turns
from benchmarks.figures import Figure, percentile
from benchmarks.turns import Round, Rounds


def told(calls: int, *, seconds: float = 2.0, failed: int = 0, uncounted: int = 0, **network: float) -> Round:
    """Return a round in which the calls took 1, 2, 3, ... milliseconds."""
    times = [float(number) for number in range(1, calls + 1)]
    return Round(times, seconds, uncounted, failed, calls * 0.002, network)


def test_programs_take_turns_and_each_round_begins_with_another():
    asked: list[str] = []

    def program(name: str):
        def run() -> Round:
            asked.append(name)
            return told(len(asked))

        return run

    rounds = turns.by_turns({name: program(name) for name in "abc"}, 3)
    assert "".join(asked) == "abc" + "bca" + "cab"
    assert [len(each.times) for each in rounds["a"].rounds] == [1, 6, 8]


def test_a_ratio_is_the_median_of_the_rounds_ratios():
    """The machine was half as fast in the last round: that moves both sides, and not their ratio."""
    one = Rounds((told(200), told(220), told(100)))
    other = Rounds((told(100), told(100), told(50)))
    figure = turns.ratio("one to other", one, other, "at least 2.0")
    assert figure.value == pytest.approx(2.0)
    assert figure.spread == (pytest.approx(2.0), pytest.approx(2.2))
    assert not figure.missed


def test_a_ratio_of_what_a_call_costs_is_made_round_by_round_too():
    """A program that is measured in a slow round is not held against one measured in a fast round."""
    cheap, dear = told(100), replace(told(100), processor=0.4)
    figure = turns.ratio("x", Rounds((cheap,)), Rounds((dear,)), "at most 1.0", of=Round.of_client)
    assert figure.value == pytest.approx(0.5)


def test_a_program_that_did_nothing_is_compared_all_the_same():
    assert turns.ratio("one to none", Rounds((told(100),)), Rounds((told(0),))).value == pytest.approx(1_000)


def test_figures_of_a_program_pool_the_times_and_count_the_failures():
    rounds = Rounds((told(10), told(30, failed=1), told(20)))
    figures = {figure.name: figure for figure in rounds.figures("x", "at least 11", ours=True)}
    assert (figures["x"].value, figures["x"].spread, figures["x"].missed) == (10.0, (5.0, 15.0), True)
    assert figures["x p50"].value == 11.0
    assert (figures["x failed"].value, figures["x failed"].missed) == (1, True)
    others = {figure.name: figure for figure in rounds.figures("x", ours=False)}
    assert not others["x failed"].missed


def test_processor_time_is_spread_over_every_call_there_was():
    """The network worked for the calls of the warm-up, too; peers are added up."""
    parts = {"peer0.a.test": 0.25, "peer0.b.test": 0.5, "orderer0.o.test": 0.1, "chaincode-lab": 0.05}
    rounds = Rounds((told(80, uncounted=18, failed=2, **parts),))
    assert rounds.of_network() == pytest.approx({"chaincode-lab": 0.5, "orderers": 1.0, "peers": 7.5})
    assert rounds.of_client() == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("value", "bound", "line"),
    [
        (2.5, "at least 2.0", "x: 2.5 s  (asked: at least 2.0)"),
        (1.5, "at least 2.0", "x: 1.5 s  (asked: at least 2.0, MISSED)"),
        (3.5, "at most 3", "x: 3.5 s  (asked: at most 3, MISSED)"),
        (1234.5, "", "x: 1234 s"),
    ],
)
def test_a_figure_is_one_line_and_says_what_was_asked(value, bound, line):
    assert str(Figure("x", value, "s", bound)) == line


def test_a_median_shows_what_it_leaves_out():
    assert str(Figure("x", 5, "/s", spread=(4, 600))) == "x: 5 /s  (rounds: 4 to 600)"


def test_percentiles_are_values_that_were_measured():
    assert percentile([], 0.5) == 0.0
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([1.0, 2.0], 0.95) == 2.0
