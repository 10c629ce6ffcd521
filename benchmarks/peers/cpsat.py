"""CP-SAT (OR-Tools), seeded with rule-built plans, at the settings that were best for short times.

One model without circuits: setup times are constants inside the machine intervals, taken from the seed;
time is working time of the plant's usual calendar; what it finds is decoded again with everything true.
Presolve, probing and symmetry are off (they eat the seconds), the seed is the hint, and every call has
randomly drawn weights.
"""

from __future__ import annotations

import time

import numpy as np
from benchmarks.peers.rules import Held, build, measure, starts
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from linewright.plant.arrays import UNATTENDED, PlanArrays, SchedulingProblem
from linewright.plant.timing import decode, setup_time

Values = NDArray[np.float64]

SEEDS = 200
CALL_S = 1.0
MINUTE = 60


class _Model:
    """The intervals of a problem, with one seed's setups; objective and hint change from call to call."""

    def __init__(self, problem: SchedulingProblem, seed: PlanArrays) -> None:
        p = self.p = problem.arrays
        self.model = model = cp_model.CpModel()
        self.clock = _Clock(problem)
        n = len(p.op_order)
        setup = _setups(problem, seed)
        horizon = 4 * int((p.alt_run_s.sum() + setup.sum()) / MINUTE / len(p.machine_ready_s)) + 10_000
        at = lambda seconds: self.clock.minutes(int(seconds))  # noqa: E731
        self.start = [model.new_int_var(at(max(0, p.op_ready_s[op])), horizon, "") for op in range(n)]
        self.end = [model.new_int_var(0, horizon, "") for _ in range(n)]
        self.on: list[dict[int, cp_model.IntVar]] = []
        self.by: list[dict[int, cp_model.IntVar]] = []
        machines: list[list[cp_model.IntervalVar]] = [[] for _ in p.machine_ready_s]
        operators: list[list[cp_model.IntervalVar]] = [[] for _ in p.operator_ready_s]
        loads: list[list[cp_model.LinearExpr]] = [[] for _ in p.operator_ready_s]
        for op in range(n):
            first, last = int(p.alt_ptr[op]), int(p.alt_ptr[op + 1])
            if p.fixed_alternative[op] >= 0:
                first, last = int(p.fixed_alternative[op]), int(p.fixed_alternative[op]) + 1
            on = {a: model.new_bool_var("") for a in range(first, last)}
            by: dict[int, cp_model.IntVar] = {}
            for a, chosen in on.items():
                work = max(1, round((setup[op] + p.alt_run_s[a]) / MINUTE))
                machine = int(p.alt_machine[a])
                begin = at(p.machine_ready_s[machine])
                machines[machine].append(
                    model.new_optional_interval_var(self.start[op], work, self.end[op], chosen, "")
                )
                if begin:
                    model.add(self.start[op] >= begin).only_enforce_if(chosen)
                group = p.alt_crew[a]
                crew = (
                    p.crew[p.crew_ptr[group] : p.crew_ptr[group + 1]].tolist() if group != UNATTENDED else []
                )
                if p.fixed_alternative[op] >= 0:
                    crew = [] if p.fixed_operator[op] == UNATTENDED else [int(p.fixed_operator[op])]
                for who in crew:
                    if who not in by:
                        by[who] = model.new_bool_var("")
                        operators[who].append(
                            model.new_optional_interval_var(
                                self.start[op], model.new_int_var(1, horizon, ""), self.end[op], by[who], ""
                            )
                        )
                        loads[who].append(work * by[who])
            model.add_exactly_one(on.values())
            if by:
                model.add_exactly_one(by.values())
            self.on.append(on)
            self.by.append(by)
            for e in range(p.pred_ptr[op], p.pred_ptr[op + 1]):
                lag = round(p.pred_lag_s[e] / MINUTE)
                model.add(self.start[op] >= self.end[int(p.pred[e])] + lag)
        for intervals in (*machines, *operators):
            model.add_no_overlap(intervals)
        late, flow = [], []
        makespan = model.new_int_var(0, horizon, "")
        for op in range(n):
            if p.succ_ptr[op] != p.succ_ptr[op + 1] and p.op_order[p.succ[p.succ_ptr[op]]] == p.op_order[op]:
                continue
            model.add(makespan >= self.end[op])
            order = int(p.op_order[op])
            if p.order_complete[order]:
                tardy = model.new_int_var(0, horizon, "")
                model.add(tardy >= self.end[op] - at(max(0, p.order_due_s[order])))
                late.append(round(10 * p.order_weight[order]) * tardy)
                flow.append(self.end[op])
        heaviest = model.new_int_var(0, horizon, "")
        for load in loads:
            if load:
                model.add(heaviest >= sum(load))
        self.goals = (sum(late), makespan, sum(flow), heaviest)
        self.units = np.array([len(late) * 10.0, 1.0, len(flow) * 1.0, 1.0])

    def call(
        self, seed: PlanArrays, begins: Values, weights: Values, seconds: float, workers: int
    ) -> list[PlanArrays]:
        """Every solution of one call, as a plan."""
        model = self.model
        model.clear_hints()
        for op in range(len(self.start)):
            model.add_hint(self.start[op], self.clock.minutes(int(begins[op])))
            for a, chosen in self.on[op].items():
                model.add_hint(chosen, a == seed.alternative[op])
            for who, chosen in self.by[op].items():
                model.add_hint(chosen, who == seed.operator[op])
        share = np.maximum(1, np.round(1000 * weights / self.units * self.units.max())).astype(int)
        model.minimize(sum(int(w) * goal for w, goal in zip(share, self.goals, strict=True)))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = workers
        solver.parameters.max_time_in_seconds = seconds
        solver.parameters.cp_model_presolve = False
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.symmetry_level = 0
        keeper = _Keeper(self)
        solver.solve(model, keeper)
        return keeper.plans


class _Keeper(cp_model.CpSolverSolutionCallback):
    def __init__(self, owner: _Model) -> None:
        super().__init__()
        self.owner = owner
        self.plans: list[PlanArrays] = []

    def on_solution_callback(self) -> None:
        owner = self.owner
        p = owner.p
        start = np.array([self.value(var) for var in owner.start])
        alternative = np.array([next(a for a, on in ons.items() if self.value(on)) for ons in owner.on])
        operator = np.array(
            [next((who for who, by in bys.items() if self.value(by)), UNATTENDED) for bys in owner.by]
        )
        settled = set(p.fixed_sequence.tolist())
        rest = [op for op in np.argsort(start, kind="stable").tolist() if op not in settled]
        self.plans.append(PlanArrays(np.array([*p.fixed_sequence.tolist(), *rest]), alternative, operator))


class _Clock:
    """Working minutes of the plant's usual calendar."""

    def __init__(self, problem: SchedulingProblem) -> None:
        p = problem.arrays
        pairs = p.pair_calendar[:, -1][p.machine_class]
        usual = int(np.bincount(pairs).argmax())
        part = slice(int(p.cal_ptr[usual]), int(p.cal_ptr[usual + 1]))
        self.open = np.maximum(p.cal_open_s[part], 0)
        self.close = p.cal_close_s[part]

    def minutes(self, at: int) -> int:
        worked = np.clip(at - self.open, 0, self.close - self.open).sum()
        return int(worked) // MINUTE


def _setups(problem: SchedulingProblem, plan: PlanArrays) -> Values:
    p = problem.arrays
    mounted = p.machine_family.copy()
    out = np.zeros(len(p.op_order))
    for op in plan.sequence:
        machine = p.alt_machine[plan.alternative[op]]
        out[op] = setup_time(p, machine, mounted[machine], op)
        if p.op_family[op] >= 0:
            mounted[machine] = p.op_family[op]
    return out


def run(problem: SchedulingProblem, seconds: float, threads: int, seed: int) -> tuple[Values, int]:
    """Objectives of the seeds and of all solutions of all calls in the time, and how many solutions."""
    ends = time.perf_counter() + seconds
    p = problem.arrays
    known: list[tuple[Values, Held]] = starts(problem) + build(problem, 0, SEEDS, seed, 0)
    values = np.array([value for value, _ in known])
    random = np.random.default_rng(seed)
    span = np.maximum(np.median(values, axis=0) - values.min(axis=0), 1.0)
    found: list[Values] = []
    model: _Model | None = None
    while (left := ends - time.perf_counter()) > 0.05:
        weights = random.dirichlet(np.ones(4))
        best = int(np.argmin(values[:, [0, 1, 2, 4]] / span[[0, 1, 2, 4]] @ weights))
        plan = known[best][1][0]
        model = model or _Model(problem, plan)
        left = ends - time.perf_counter()
        if left <= 0.05:
            break
        begins = decode(p, plan, np.zeros(len(p.op_order), np.int64)).setup_start_s
        for new in model.call(plan, begins, weights, min(CALL_S, left), threads):
            found += [measure(problem, new, hold) for hold in (0, 1)]
    return np.vstack([values, *found]) if found else values, len(found)
