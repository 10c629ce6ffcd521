"""A plant that runs itself: what is ready first is done first, on the machine and by the person first free.

A plan fixes who does what in which sequence; a log shows a floor on which people took what was there. To
compare with a log the plant is therefore run without a plan. Run times spread as estimated, units are
reworked, and each block keeps to the calendars as in `plant.timing`.
"""

from __future__ import annotations

import heapq
from math import log1p, sqrt

import numpy as np

from linewright.plant.arrays import NEVER, STARTED, UNATTENDED, Floats, SchedulingProblem
from linewright.plant.timing import place

LOOK_AT = 12
"""How many people of a crew, the first free ones, are looked at for a block."""


def run_itself(problem: SchedulingProblem, seed: int) -> tuple[Floats, Floats]:
    """Begin and end of every operation [N], in seconds from the problem's epoch."""
    p, u = problem.arrays, problem.uncertainty
    draw = np.random.default_rng(seed)
    n = len(p.op_order)
    normal = draw.standard_normal(n)
    again = 1.0 + draw.binomial(u.op_quantity, u.op_rework) / np.maximum(u.op_quantity, 1)
    begin, end = np.zeros(n), np.zeros(n)
    waiting = np.diff(p.pred_ptr)
    ready = p.op_ready_s.copy()
    machine_free, operator_free = p.machine_ready_s.copy(), p.operator_ready_s.copy()
    mounted = p.machine_family.copy()
    queue = [(p.op_state[i] != STARTED, int(ready[i]), i) for i in range(n) if waiting[i] == 0]
    heapq.heapify(queue)
    while queue:
        _, _, i = heapq.heappop(queue)
        best: tuple[int, int, int, int] | None = None
        for a in range(p.alt_ptr[i], p.alt_ptr[i + 1]):
            machine, crew = int(p.alt_machine[a]), int(p.alt_crew[a])
            cv = u.alt_cv[a]
            sigma = sqrt(log1p(cv * cv))
            run = max(1, round(p.alt_run_s[a] * again[i] * np.exp(sigma * normal[i] - sigma * sigma / 2)))
            family = p.op_family[i]
            setup = 0
            if family >= 0 and p.op_state[i] != STARTED:
                setup = int(p.setup_s[p.machine_setup[machine], mounted[machine], family])
            people = [UNATTENDED]
            if crew != UNATTENDED:
                people = p.crew[p.crew_ptr[crew] : p.crew_ptr[crew + 1]].tolist()
                people = sorted(people, key=lambda w: int(operator_free[w]))[:LOOK_AT]
            for w in people:
                earliest = max(int(ready[i]), int(machine_free[machine]))
                column = p.pair_calendar.shape[1] - 1
                if w != UNATTENDED:
                    earliest, column = max(earliest, int(operator_free[w])), p.operator_class[w]
                row = p.pair_calendar[p.machine_class[machine], column]
                at, _, until = place(p, row, earliest, setup, run, 1)
                if best is None or (until, at) < best[:2]:
                    best = until, at, machine, w
        assert best is not None  # every operation has an alternative
        until, at, machine, w = best
        begin[i], end[i] = at, until
        if until < NEVER:
            machine_free[machine] = until
            mounted[machine] = p.op_family[i] if p.op_family[i] >= 0 else mounted[machine]
            if w != UNATTENDED:
                operator_free[w] = until
        for after in p.succ[p.succ_ptr[i] : p.succ_ptr[i + 1]].tolist():
            waiting[after] -= 1
            ready[after] = max(ready[after], until)
            if waiting[after] == 0:
                heapq.heappush(queue, (p.op_state[after] != STARTED, int(ready[after]), after))
    return begin, end
