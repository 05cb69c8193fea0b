"""The account of a request that was repeated until it was answered."""

from __future__ import annotations

from tests.faults.delays import AnsweredKey, Outage, Try, report

OUTAGES = [Outage("database", -30.0, -25.0), Outage("gateway", 9.5, 16.0), Outage("engine", 90.0, 95.0)]
SLOW = AnsweredKey(
    "caller-1-7",
    10.0,
    22.5,
    [Try(10.0, 10.5, "no answer"), Try(11.0, 11.25, "409 IDEMPOTENCY_IN_PROGRESS"), Try(19.0, 20.0, "no answer")],
)


def test_an_account_says_where_the_time_went():
    """Its sums leave out the pauses, and parts that were away at another time are not to blame."""
    assert SLOW.account(OUTAGES) == (
        "caller-1-7 was answered after 12.5 s; no answer 2 times, from 0.0 to 10.0 s, taking 1.5 s; "
        "409 IDEMPOTENCY_IN_PROGRESS 1 times, from 1.0 to 1.2 s, taking 0.2 s; the answer took 2.5 s; "
        "gateway away from -0.5 to 6.0 s"
    )


def test_a_report_begins_with_the_slowest():
    """Under the shares of all keys."""
    quick = [AnsweredKey(f"caller-2-{number}", 0.0, 0.25, []) for number in range(9)]
    first, second, third, *_ = report([*quick, SLOW], OUTAGES).splitlines()
    assert first == "10 keys: half within 0.25 s, 95 % within 12.50 s, 99 % within 12.50 s, all within 12.50 s"
    assert second.startswith("caller-1-7 was answered after 12.5 s")
    assert third == "caller-2-8 was answered after 0.2 s; the answer took 0.2 s"
