"""One island of the search: a random stream, a workbench, and the focuses it turns to in rotation.

A focus is a weighting of the objectives that a planner has a name for. An island remembers the best plan
for each of its focuses, so that progress finer than the archive's boxes is not lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from linewright.plant.arrays import OBJECTIVES, Floats, Ints, PlanArrays, ProblemArrays
from linewright.schedule.archive import Archive, empty_archive, offer, plan_of
from linewright.schedule.context import Context
from linewright.schedule.improve import empty_bench, improve
from linewright.schedule.keyed import stream
from linewright.schedule.moves import (
    BALANCE,
    BLOCKER,
    DETOUR,
    FAMILY,
    INSERT,
    MOVES,
    OPERATOR,
    REASSIGN,
    RETURN,
    SWAP,
)
from linewright.schedule.rules import CLASSICS, HOLD, breed_rules, draw_rules, sample

ROOM = 128  # plans an island can hold between two rounds
WALKS = 6  # plans from which an island walks for each focus
RESAMPLE = 3  # every so many slices one goes to the rules again; the larger the plant the rarer
MANY = 1000  # rules remembered
PARENTS = 8  # rules from which more are bred
ON_TIME = 0.75  # share of breeding that is after weighted tardiness alone
ADOPT = 0.25  # share of slices that begin from what others found


@dataclass(frozen=True, slots=True)
class Focus:
    """What a stretch of local search is after."""

    name: str
    weights: tuple[float, float, float, float, float, float]  # of the objectives, in their order
    temperature: float = 0.0004
    wander: bool = False  # weights are drawn anew each time


FOCUSES = (
    Focus("tardiness", (0.90, 0.02, 0.04, 0.02, 0.01, 0.01), temperature=0.001),
    Focus("balanced", (0.17, 0.17, 0.17, 0.17, 0.16, 0.16)),
    Focus("tardiness and few changes", (0.55, 0.02, 0.05, 0.03, 0.02, 0.33)),
    Focus("makespan", (0.05, 0.70, 0.10, 0.05, 0.05, 0.05)),
    Focus("setups", (0.05, 0.05, 0.05, 0.75, 0.05, 0.05)),
    Focus("throughput", (0.10, 0.05, 0.70, 0.05, 0.05, 0.05)),
    Focus("even load", (0.05, 0.05, 0.05, 0.05, 0.75, 0.05)),
    Focus("few changes", (0.10, 0.04, 0.03, 0.04, 0.04, 0.75)),
    Focus("tardiness", (0.90, 0.02, 0.04, 0.02, 0.01, 0.01)),
    Focus("tardiness and setups", (0.45, 0.04, 0.08, 0.35, 0.04, 0.04)),
    Focus("even load and few changes", (0.08, 0.04, 0.04, 0.04, 0.40, 0.40)),
    Focus("setups and few changes", (0.08, 0.04, 0.04, 0.40, 0.04, 0.40)),
    Focus("throughput and even load", (0.10, 0.10, 0.35, 0.05, 0.35, 0.05)),
    Focus("makespan and setups", (0.05, 0.40, 0.05, 0.40, 0.05, 0.05)),
    Focus("a compromise", (0.17, 0.17, 0.17, 0.17, 0.16, 0.16), wander=True),
    Focus("a compromise", (0.17, 0.17, 0.17, 0.17, 0.16, 0.16), wander=True),
)
"""With 8 islands, island i turns to focuses i and i + 8: tardiness always has its share of the time."""

IN_FORCE, GIVEN, REPAIR, RULES = -4, -3, -2, -1
"""Codes of origins that are not a focus; the others are positions in `FOCUSES`."""

SHARES: Floats = np.zeros(MOVES)
"""How often each move is tried."""
SHARES[[FAMILY, SWAP, INSERT, REASSIGN, OPERATOR]] = 0.16, 0.10, 0.10, 0.16, 0.10
SHARES[[BLOCKER, DETOUR, RETURN, BALANCE]] = 0.10, 0.08, 0.10, 0.10


def origin_name(code: int) -> str:
    """How a plan was found, in a planner's words."""
    known = {IN_FORCE: "plan in force", GIVEN: "given", REPAIR: "smallest repair", RULES: "rules"}
    return known[code] if code < 0 else f"search: {FOCUSES[code].name}"


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A plan, what it comes to, and how it came about."""

    values: Floats  # [6]
    plan: PlanArrays
    hold: int  # 1: no run starts on its planned machine before it was planned to
    origin: int
    rule: Floats | None = None  # that built it

    @classmethod
    def held_by(cls, archive: Archive, row: int) -> Found:
        """A plan of an archive."""
        return cls(
            archive.values[row].copy(),
            plan_of(archive, row),
            int(archive.hold[row]),
            int(archive.origin[row]),
        )

    def offer_to(self, archive: Archive, box: Ints) -> None:
        """Offer it to an archive."""
        offer(archive, self.values, box, self.origin, self.hold, *self.plan)


class Tried(NamedTuple):
    """Rules that have built a plan, and what it came to."""

    values: Floats  # [tried, 6]
    rules: Floats  # [tried, WEIGHTS + J]

    def with_more(self, found: Sequence[Found]) -> Tried:
        """These and what was built since; of very many, those that were good at anything."""
        new = [one for one in found if one.rule is not None]
        if not new:
            return self
        values = np.vstack([self.values, *(one.values for one in new)])
        rules = np.vstack([self.rules, *(one.rule for one in new if one.rule is not None)])
        if len(values) > MANY:
            best_rank = values.argsort(axis=0, kind="stable").argsort(axis=0).min(axis=1)
            kept = np.sort(np.argsort(best_rank, kind="stable")[: MANY // 2])
            values, rules = values[kept], rules[kept]
        return Tried(values, rules)


class Island:
    """`sample` and `work` may run in any thread, one at a time."""

    def __init__(self, p: ProblemArrays, c: Context, seed: int, number: int, islands: int) -> None:
        self.p = p
        self.context = c
        self.number = number
        self.stream = stream(seed, number)
        self.random = np.random.Generator(np.random.Philox(key=[seed % 2**64, number]))
        self.focuses = tuple(range(number % len(FOCUSES), len(FOCUSES), islands))
        self.slices = 0
        self.turn = 0
        self.found: Archive = empty_archive(ROOM, p.op_order.size)
        self.walks: dict[int, list[Found]] = {code: [] for code in self.focuses}
        self.bench = empty_bench(p)
        self.bred: list[Found] = []

    def sample(self, first: int, count: int, known: Tried | None) -> list[Found]:
        """Build plans by the rules from `first` on, or by rules bred from the best of those known."""
        if known is not None:
            rules = breed_rules(self.parents(known), count, self.random)
        else:
            rules = draw_rules(first, count, self.p.order_due_s.size, self.stream)
        shape = (count, self.p.op_order.size)
        arrays = np.empty(shape, np.int64), np.empty(shape, np.int64), np.empty(shape, np.int64)
        values = sample(self.p, self.context, rules, *arrays)
        return [
            Found(
                values[k], PlanArrays(*(rows[k] for rows in arrays)), int(rules[k, HOLD] > 0), RULES, rules[k]
            )
            for k in range(count)
        ]

    def parents(self, known: Tried) -> Floats:
        """[PARENTS, WEIGHTS + J] the rules that were best on time, or best for a focus of the island."""
        price = known.values[:, 0]
        if self.random.random() > ON_TIME:
            weights = np.array(FOCUSES[self.focuses[self.random.integers(len(self.focuses))]].weights)
            price = known.values @ (weights / reach(known.values))
        return known.rules[np.argsort(price, kind="stable")[:PARENTS]]

    def start(self, plans: Sequence[Found], scale: Floats) -> None:
        """Begin from these: every focus walks from the few that are best for it."""
        values = np.array([known.values for known in plans])
        for code in self.focuses:
            price = values @ (np.array(FOCUSES[code].weights) * scale)
            best: dict[float, int] = {}  # one of equals
            for i in np.argsort(price, kind="stable"):
                best.setdefault(float(price[i]), int(i))
                if len(best) == WALKS:
                    break
            self.walks[code] = [plans[i] for i in best.values()]

    def work(self, archive: Archive, known: Tried, scale: Floats, orders: int, moves: int) -> None:
        """One slice: local search for the focus whose turn it is, or now and then more rules."""
        self.slices += 1
        self.bred = []
        if (self.slices + self.number) % (RESAMPLE + self.p.op_order.size // 250) == 0:
            self.resample(known, scale, max(1, moves // 200))
        else:
            self.turn += 1
            self.improve(self.focuses[self.turn % len(self.focuses)], archive, scale, orders, moves)

    def resample(self, known: Tried, scale: Floats, count: int) -> None:
        """Build more plans by rules; walks that look worse begin anew from them."""
        self.bred = self.sample(CLASSICS, count, known)
        for new in self.bred:
            new.offer_to(self.found, self.bench.box)
            for code, walks in self.walks.items():
                weights = np.array(FOCUSES[code].weights) * scale
                if walks and new.values @ weights < walks[-1].values @ weights:
                    _keep_sorted(walks, len(walks) - 1, new, weights)

    def improve(self, code: int, archive: Archive, scale: Floats, orders: int, moves: int) -> None:
        """A slice of local search, from one of the focus's walks or from the best that others found."""
        focus = FOCUSES[code]
        weights = self.random.dirichlet(np.ones(6)) if focus.wander else np.array(focus.weights)
        held = int(archive.held[0])
        walks = self.walks[code]
        place = min(int(self.random.geometric(0.4)), len(walks)) - 1
        if held and (focus.wander or self.random.random() < ADOPT):
            begin = Found.held_by(archive, int(np.argmin(archive.values[:held] @ (weights * scale))))
            place = len(walks) - 1  # takes the place of the worst
        else:
            begin = walks[place]
        bench = self.bench
        bench.best_hold[0] = begin.hold
        bench.best_sequence[:], bench.best_alternative[:], bench.best_operator[:] = begin.plan
        improve(
            self.p,
            self.context,
            bench,
            archive,
            self.found,
            weights,
            scale,
            np.cumsum(SHARES),
            focus.temperature,
            orders,
            moves,
            code,
            self.stream,
        )
        if not focus.wander:
            best = (bench.best_sequence, bench.best_alternative, bench.best_operator)
            plan = PlanArrays(*(array.copy() for array in best))
            _keep_sorted(
                walks, place, Found(bench.best_values.copy(), plan, begin.hold, code), weights * scale
            )


def reach(front: Floats) -> Floats:
    """[6] how far the objectives of a front reach: twice from the best to the median, because the worst of
    a front says nothing (a plan without changeovers may be late without limit)."""
    if len(front) == 0:
        return np.ones(len(OBJECTIVES))
    low = front.min(axis=0)
    usual = 2.0 * (np.median(front, axis=0) - low)
    usual = np.where(usual > 0, usual, front.max(axis=0) - low)
    found: Floats = np.where(usual > 0, usual, np.maximum(low, 1.0))
    return found


def _keep_sorted(walks: list[Found], place: int, new: Found, weights: Floats) -> None:
    walks[place] = new
    walks.sort(key=lambda known: float(known.values @ weights))
