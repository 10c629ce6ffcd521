"""Open hours as intervals that grow as they are asked, against a second-by-second twin."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from linewright.demo.hours import NEVER, STEP_S, Hours, both_open, worked_together

DAY = 1000  # of a made-up calendar in seconds


def daily(opening, closing):
    """Open every made-up day between two instants of it."""

    def expand(start, end):
        days = range(start // DAY - 1, end // DAY + 1)
        spans = ((max(start, d * DAY + opening), min(end, d * DAY + closing)) for d in days)
        return [span for span in spans if span[0] < span[1]]

    return expand


spans = st.tuples(st.integers(0, 900), st.integers(1, 100)).map(lambda s: (s[0], s[0] + s[1]))
cuts = st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 500)).map(lambda c: (c[0], c[0] + c[1])))


def naive_open(span, holes, at):
    return span[0] <= at % DAY < span[1] and not any(start <= at < end for start, end in holes)


@given(span=spans, holes=cuts, at=st.integers(0, 4000))
def test_opening_and_closing_are_those_of_every_single_second(span, holes, at):
    hours = Hours(daily(*span), 0)
    for hole in holes:
        hours.cut(*hole)
    is_open = naive_open(span, holes, at)
    assert (hours.closing(at) is not None) == is_open
    opening = hours.opening(at)
    assert opening == next(t for t in range(at, at + 10_000) if naive_open(span, holes, t))
    closing = hours.closing(opening)
    assert closing == next(t for t in range(opening, opening + 10_000) if not naive_open(span, holes, t))


@given(one=spans, two=spans, holes=cuts, at=st.integers(0, 3000), length=st.integers(0, 3000))
def test_both_open_is_where_both_are(one, two, holes, at, length):
    first, second = Hours(daily(*one), 0), Hours(daily(*two), 0)
    for hole in holes:
        first.cut(*hole)
    both = [t for t in range(at, at + 6000) if naive_open(one, holes, t) and naive_open(two, (), t)]
    if both:
        opening, closing = both_open([first, second], at)
        assert opening == both[0]
        assert closing - 1 in both
        assert closing not in both
        assert worked_together([first, second], at, at + length) == sum(t < at + length for t in both)


def test_what_never_opens_never_opens():
    closed = Hours(lambda start, end: [], 0)
    assert closed.opening(5) == NEVER
    assert closed.closing(5) is None
    assert both_open([closed, Hours(daily(0, DAY), 0)], 5) == (NEVER, NEVER)


def test_what_is_always_open_has_no_seam_where_the_known_hours_end():
    hours = Hours(lambda start, end: [(start, end)], 0)
    assert hours.opening(STEP_S) == STEP_S
    for at in (0, STEP_S - 1, STEP_S, 3 * STEP_S):
        assert hours.closing(at) > at + 30 * 86400
