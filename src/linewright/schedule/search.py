"""The search: dispatching rules for a feasible plan at once, then local search from many sides.

A fixed number of islands, each with its own random stream, work in rounds of short slices on however many
threads there are; after each round what they found goes into one shared archive, in the order of the
islands. So the search can stop at any time with the best so far, and under a move budget the same seed
gives the same answer on any number of threads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from linewright.plant.arrays import NEVER, OBJECTIVES, Floats, PlanArrays, SchedulingProblem
from linewright.plant.timing import decode, objectives
from linewright.schedule.archive import empty_archive, merge
from linewright.schedule.baseline import current_plan
from linewright.schedule.context import context
from linewright.schedule.island import GIVEN, IN_FORCE, REPAIR, Found, Island, Tried, origin_name, reach
from linewright.schedule.portfolio import (
    Candidate,
    Portfolio,
    Progress,
    ProgressCallback,
    non_dominated,
    normalised,
    spread,
)
from linewright.schedule.repair import repairs
from linewright.schedule.rules import WEIGHTS, held_until

ISLANDS = 8
SAMPLES = 240  # rule-built plans at 500 operations, fewer for larger problems
SAMPLING_SHARE = 0.3  # of the time, at most
SLICE_MOVES = 600  # of an island between two rounds, at 500 operations
BOXES = 64  # per objective, between the best and the worst value held
SPARSE = 120  # plans held; below it, boxes narrow
DEFAULT_SECONDS = 3.0
FIRST_PLAN_MOVES = 20_000
FIRST_PLAN_WEIGHTS = np.array([0.5, 0.15, 0.15, 0.1, 0.1, 0.0])


def search(
    problem: SchedulingProblem,
    *,
    scenarios: int = 50,
    seconds: float | None = None,
    moves: int | None = None,
    threads: int = 2,
    seed: int = 1,
    starts: Sequence[PlanArrays] = (),
    besides: Sequence[Candidate] = (),
    on_progress: ProgressCallback | None = None,
    stop: threading.Event | None = None,
) -> Portfolio:
    """Find distinct, mutually non-dominated, feasible plans.

    Args:
        problem: what is to be planned.
        scenarios: how many plans are wanted; fewer come back where fewer were found.
        seconds: time limit; 3 where neither it nor `moves` is given.
        moves: budget of local search moves; without `seconds` the result depends on the seed alone.
        threads: how many threads work.
        seed: of all randomness.
        starts: plans to begin from besides the plan in force and the rules.
        besides: plans that are known anyway; none of them comes back.
        on_progress: called after every round.
        stop: set it to end the search early.
    """
    if seconds is None and moves is None:
        seconds = DEFAULT_SECONDS
    run = _Search(problem, seconds, moves, seed, on_progress, stop)
    if problem.operations:
        with ThreadPoolExecutor(max_workers=max(1, threads)) as pool:
            run.begin(starts)
            run.sample(pool)
            run.improve(pool)
    return run.portfolio(scenarios, besides)


def first_plan(problem: SchedulingProblem, seed: int = 1) -> PlanArrays:
    """A good plan from nothing, in a second or two: on time first, then quick, rarely changed over, even."""
    found = search(problem, scenarios=10**6, moves=FIRST_PLAN_MOVES, seed=seed).candidates
    scaled = normalised(np.array([candidate.objectives for candidate in found]))
    return found[int(np.argmin(scaled @ FIRST_PLAN_WEIGHTS))].plan


class _Search:
    """One search: its islands, the archive they share, and its clock."""

    def __init__(
        self,
        problem: SchedulingProblem,
        seconds: float | None,
        moves: int | None,
        seed: int,
        on_progress: ProgressCallback | None,
        stop: threading.Event | None,
    ) -> None:
        self.began = time.perf_counter()
        self.problem = problem
        self.p = problem.arrays
        self.n = len(problem.operations)
        # timing and choosing the portfolio takes its part
        self.seconds = None if seconds is None else seconds - min(0.1 * seconds, 0.02 + 4e-5 * self.n)
        self.move_budget = moves
        self.on_progress = on_progress
        self.stop = stop
        self.context = context(self.p)
        room = int(np.clip(2.5e6 / max(self.n, 1), 256, 1536))
        self.archive, self.spare = empty_archive(room, self.n), empty_archive(room, self.n)
        self.islands = [Island(self.p, self.context, seed, i, ISLANDS) for i in range(ISLANDS)]
        self.box = np.zeros(6, np.int64)
        self.evaluated = 0
        self.moves = 0
        self.built: list[Found] = []  # whole, not by search
        self.tried = Tried(np.empty((0, len(OBJECTIVES))), np.empty((0, WEIGHTS + self.p.order_due_s.size)))
        self.champions: dict[int, Found] = {}

    @property
    def elapsed_s(self) -> float:
        return time.perf_counter() - self.began

    def over(self, share: float = 1.0) -> bool:
        """Whether the search should end, or its time is up to a share of it."""
        if self.stop is not None and self.stop.is_set():
            return True
        return self.seconds is not None and self.elapsed_s >= share * self.seconds

    def report(self) -> None:
        if self.on_progress is not None:
            held = int(self.archive.held[0])
            best = self.archive.values[:held].min(axis=0) if held else np.full(6, np.inf)
            self.on_progress(Progress(self.elapsed_s, self.evaluated, held, best))

    def begin(self, starts: Sequence[PlanArrays]) -> None:
        """Take in the plan in force, held to and as soon as possible, its repairs, and the given plans."""
        plan = current_plan(self.problem)
        self.take([self.measured(plan, 1, IN_FORCE), self.measured(plan, 0, IN_FORCE)])
        if (self.p.op_base_machine >= 0).any():
            fixes = repairs(self.p, self.context, plan)
            self.take([self.measured(fix, 1, REPAIR) for fix in fixes])
        self.take([self.measured(given, 0, GIVEN) for given in starts])

    def measured(self, plan: PlanArrays, hold: int, origin: int) -> Found:
        until = held_until(self.p, self.context, plan.sequence, plan.alternative, hold)
        return Found(objectives(self.p, plan, decode(self.p, plan, until)), plan, hold, origin)

    def take(self, plans: Sequence[Found]) -> None:
        """Take plans in that were built whole."""
        if not plans:
            return
        self.built.extend(plans)
        self.tried = self.tried.with_more(plans)
        self.fit_boxes(np.array([new.values for new in plans]))
        for new in plans:
            new.offer_to(self.archive, self.box)
            self.remember(new)
        self.evaluated += len(plans)

    def remember(self, new: Found) -> None:
        """Hold on to the best plan of each objective, whatever the boxes of the archive make of it."""
        for k in range(len(OBJECTIVES)):
            rank = tuple(new.values[[k, 0, 1]])
            known = self.champions.get(k)
            if new.values[1] < NEVER and (known is None or rank < tuple(known.values[[k, 0, 1]])):
                self.champions[k] = new

    def sample(self, pool: ThreadPoolExecutor) -> None:
        """Plans built by rules, first drawn, then bred from the best; in rounds, at least one."""
        each = max(2, round(SAMPLES * min(1.0, 500 / self.n) / ISLANDS))
        done = 0
        while done < each:
            drawn = done < each / 2
            count = min(max(1, 1500 // self.n), 5, (each + 1) // 2 - done if drawn else each - done)
            firsts = [done * ISLANDS + island.number * count for island in self.islands]
            known = None if drawn else self.tried
            for plans in pool.map(partial(Island.sample, count=count, known=known), self.islands, firsts):
                self.take(plans)
            done += count
            self.report()
            if self.over(SAMPLING_SHARE):
                break

    def improve(self, pool: ThreadPoolExecutor) -> None:
        """Rounds of local search until time, moves or patience end."""
        orders = int(self.p.order_complete.sum())
        budget = np.inf if self.move_budget is None else self.move_budget
        slice_moves = int(np.clip(SLICE_MOVES * 500 / self.n, 100, SLICE_MOVES))
        round_s = 0.0
        for island in self.islands:
            island.start(self.built, self.scale())
        while self.moves < budget and self.context.free.size and not self.over():
            if self.seconds is not None and self.elapsed_s + 0.5 * round_s > self.seconds:
                break
            began = time.perf_counter()
            left = budget - self.moves
            count = int(min(slice_moves, -(-left // ISLANDS)))
            scale = self.scale()
            for island in self.islands:
                island.found.corner[:] = self.archive.corner
                island.found.width[:] = self.archive.width
            work = partial(
                Island.work, archive=self.archive, known=self.tried, scale=scale, orders=orders, moves=count
            )
            list(pool.map(work, self.islands))
            for island in self.islands:
                self.collect(island)
            if self.archive.held[0] < SPARSE:
                self.archive.width[:] /= 1.25
                self.rebox()
            self.moves += ISLANDS * count
            self.evaluated += ISLANDS * count
            self.report()
            round_s = time.perf_counter() - began

    def collect(self, island: Island) -> None:
        """What an island found goes into the shared archive; boxes widen when it is full."""
        self.tried = self.tried.with_more(island.bred)
        for walks in island.walks.values():
            self.remember(walks[0])
        merge(self.archive, island.found, self.box)
        if self.archive.held[0] >= self.archive.values.shape[0] - 1:
            self.archive.width[:] *= 1.3
            self.rebox()

    def rebox(self) -> None:
        """Put the plans held into boxes anew, after their width has changed."""
        self.spare.corner[:], self.spare.width[:] = self.archive.corner, self.archive.width
        merge(self.spare, self.archive, self.box)
        self.archive, self.spare = self.spare, self.archive

    def scale(self) -> Floats:
        """[6] one over what each objective usually comes to where another one is at its best."""
        known = np.array([self.champions[k].values for k in sorted(self.champions)])
        if len(known) == 0:
            return np.ones(len(OBJECTIVES))
        low = known.min(axis=0)
        usual = np.median(known, axis=0) - low
        scale: Floats = 1.0 / np.where(usual > 0, usual, np.maximum(known.max(axis=0) - low, 1.0))
        return scale

    def fit_boxes(self, new: Floats) -> None:
        """Before local search: boxes as wide as what is held and what is new asks for."""
        held = self.archive.values[: int(self.archive.held[0])]
        known = np.vstack([held, new[new[:, 1] < NEVER]])
        if len(known) == 0:
            return
        known = known[non_dominated(known)]
        self.archive.corner[:] = known.min(axis=0)
        self.archive.width[:] = reach(known) / BOXES
        self.rebox()

    def portfolio(self, scenarios: int, besides: Sequence[Candidate]) -> Portfolio:
        """The chosen plans, each timed and measured anew."""
        held = int(self.archive.held[0])
        known = [Found.held_by(self.archive, row) for row in range(held)]
        known += self.champions.values()
        known = known or self.built[:1]  # nothing fits the horizon: better what is in force than nothing
        candidates = [
            candidate
            for candidate in map(self.candidate, known)
            if not any(candidate.same_as(other) for other in besides)
        ]
        chosen: list[int] = []
        if candidates:
            values = np.array([candidate.objectives for candidate in candidates])
            rows = np.flatnonzero(non_dominated(values))
            picked = spread(self.p, [candidates[i].plan for i in rows], values[rows], scenarios)
            chosen = [int(rows[i]) for i in picked]
        return Portfolio(
            candidates=tuple(candidates[i] for i in chosen),
            evaluated=self.evaluated,
            moves=self.moves,
            archive=held,
            elapsed_s=self.elapsed_s,
        )

    def candidate(self, found: Found) -> Candidate:
        """A plan timed and measured anew, apart from all that search did to it."""
        plan = found.plan
        until = held_until(self.p, self.context, plan.sequence, plan.alternative, found.hold)
        times = decode(self.p, plan, until)
        values = objectives(self.p, plan, times)
        return Candidate(origin_name(found.origin), plan, times, values, until)
