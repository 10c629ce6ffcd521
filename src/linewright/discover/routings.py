"""Routings from what was done: which steps a part takes, and which of them must precede which.

Orders of one part that took the same steps share a routing; the commonest keeps the part's name, others
are its variants. An order that the log leaves unfinished gets the steps that such orders went on to take.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from linewright.discover.work import Case, Operation

AGREED = 0.8
"""A step precedes another if it began and ended no later in this share of the orders that had both."""

FEW = 3
"""With fewer orders of a part, all parts of the log are asked."""

LAST_DAYS = 14.0
FINAL = 0.6
"""An order with reports in the log's last days is unfinished if it lacks a last step this common."""


@dataclass(frozen=True, slots=True)
class Routing:
    """The steps of one variant of a part, and for each the steps right before it."""

    id: str
    part: str
    steps: tuple[str, ...]
    after: dict[str, tuple[str, ...]]


class _Pairs:
    """How often one step came before another."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.both: Counter[tuple[str, str]] = Counter()
        self.before: Counter[tuple[str, str]] = Counter()
        place: dict[str, list[float]] = defaultdict(list)
        for case in cases:
            for position, one in enumerate(case.operations):
                place[one.step].append(position / max(1, len(case.operations) - 1))
                for other in case.operations:
                    if one is not other:
                        self.both[one.step, other.step] += 1
                        self.before[one.step, other.step] += _comes_before(one, other)
        self.place = {step: sum(found) / len(found) for step, found in place.items()}


def _comes_before(one: Operation, other: Operation) -> bool:
    return one.start < other.start and one.end <= other.end


def unfinished(cases: Sequence[Case], end: float) -> dict[str, frozenset[str]]:
    """Orders that were still being worked on when the log ended -> the steps they lack.

    A step counts as lacking if most orders of the part (of all parts, where there are few) that took the
    steps an open order has taken so far went on to take it.
    """
    done = [case for case in cases if case.end < end - LAST_DAYS * 86400]
    finals = Counter(case.operations[-1].step for case in done)
    common = {step for step, count in finals.items() if count >= 0.1 * len(done)}
    pairs = _Pairs(cases)
    lacking: dict[str, frozenset[str]] = {}
    for case in cases:
        if case.end < end - LAST_DAYS * 86400 or not done:
            continue
        like = [other for other in done if other.part == case.part]
        like = like if len(like) >= FEW else done
        share = Counter(step for other in like for step in other.steps)
        usual = {step for step, count in share.items() if count >= FINAL * len(like)}
        last = max(pairs.place[step] for step in case.steps)
        missing = frozenset(step for step in usual - case.steps if pairs.place[step] > last)
        if missing & common:
            lacking[case.id] = missing
    return lacking


def routings_of(cases: Sequence[Case], lacking: dict[str, frozenset[str]]) -> dict[str, Routing]:
    """Case -> its routing."""
    everywhere = _Pairs(cases)
    by_part: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_part[case.part].append(case)
    found: dict[str, Routing] = {}
    for part, own in by_part.items():
        pairs = _Pairs(own)
        by_steps: dict[frozenset[str], list[Case]] = defaultdict(list)
        for case in own:
            by_steps[case.steps | lacking.get(case.id, frozenset())].append(case)
        ranked = sorted(by_steps.items(), key=lambda item: (-len(item[1]), item[1][0].start))
        for number, (steps, members) in enumerate(ranked):
            name = part if number == 0 else f"{part} v{number + 1}"
            late = {step for case in members for step in lacking.get(case.id, frozenset())}
            routing = _routing(name, part, steps, pairs, everywhere, late)
            found.update({case.id: routing for case in members})
    return found


def _routing(
    name: str, part: str, steps: frozenset[str], own: _Pairs, everywhere: _Pairs, late: set[str]
) -> Routing:
    def place(step: str) -> tuple[bool, float, float, str]:
        return step in late, own.place.get(step, everywhere.place[step]), everywhere.place[step], step

    ordered = tuple(sorted(steps, key=place))
    before: dict[str, set[str]] = {}
    for position, step in enumerate(ordered):
        found = {
            earlier
            for earlier in ordered[:position]
            if step in late or _precedes(earlier, step, own, everywhere)
        }
        before[step] = found | {far for near in found for far in before[near]}
    after = {
        step: tuple(
            earlier
            for earlier in ordered
            if earlier in before[step] and not any(earlier in before[other] for other in before[step])
        )
        for step in ordered
    }
    return Routing(name, part, ordered, after)


def _precedes(one: str, other: str, own: _Pairs, everywhere: _Pairs) -> bool:
    """Whether one step must end before another begins."""
    pairs = own if own.both[one, other] >= FEW else everywhere
    return pairs.before[one, other] >= AGREED * pairs.both[one, other] > 0
