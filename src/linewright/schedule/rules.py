"""The dispatcher: builds a whole feasible plan in one pass by a weighted rule.

At every step the operations whose predecessors are planned compete. Each is offered its best place
(machine and operator that finish it first); those that could begin before the first of them would end are
in conflict (Giffler and Thompson, 1960, with a delay factor), and the rule picks one. Drawing the weights
of the rule at random gives as many different good plans as one asks for.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
from numba import njit

from linewright.plant.arrays import UNATTENDED, Floats, Ints, PlanArrays, ProblemArrays
from linewright.plant.kernel import part
from linewright.plant.timing import decode, objectives, place, setup_time
from linewright.schedule.context import Context, hold_until
from linewright.schedule.keyed import uniform

# What a rule is: a vector of weights, by position, and of bonuses.
DELAY = 0  # 1: anything that begins before the first end may be chosen (active); 0: only what begins first
SLACK = 1  # of slack to the due date, per mean run time
CLIP = 2  # above 0: slack beyond the due date counts, earliness does not (apparent tardiness cost)
PRIORITY = 3  # of the logarithm of the order's priority
SHORT = 4  # of the logarithm of the run time, short first
SETUP = 5  # of the setup it would need
BEGIN = 6  # of how early it could begin
FINISH = 7  # of how early it would end
TAIL = 8  # of the work that remains behind it
LOAD = 9  # of its operator's load, in the choice of operation and of operator
PLAN = 10  # of its begin in the plan in force
STAY = 11  # mean run times of delay accepted to stay on the planned machine and with the planned operator
NOISE = 12  # spread of the bonuses to orders, per mean run time
CHANGE = 13  # mean-run-time price of a second of setup in the choice of machine, per mean run time
HOLD = 14  # above 0: no run starts on its planned machine before it was planned to
FOLLOW = 15  # above 0: no rule at all, but the sequence given, with what it leaves open (`ANY`)
WEIGHTS = 16  # behind them in a rule: a bonus to each order

CLASSICS = 8
VARIATION = 0.4  # of a weight from parent to child, of its logarithm
BONUS_SHARE = 0.01, 0.3  # of orders whose bonus varies from parent to child, at least and at most
BONUS_SPREAD = 0.2, 2.0  # of the change of a bonus

ANY = cast(int, np.int64(-2))  # not a literal, so that what takes it compiles once
"""In place of an alternative or operator: to be chosen."""


@part
def draw_rule(number: int, draws: Any, rule: Floats) -> None:
    """Write rule `number`: the first `CLASSICS` are known good ones, the others are random."""
    for k in range(WEIGHTS):
        rule[k] = 0.0
    rule[DELAY] = 1.0
    rule[CLIP] = 1.0
    if number < CLASSICS:
        rule[PRIORITY] = 1.0
        if number == 0:  # apparent tardiness cost with setups
            rule[SLACK], rule[SHORT], rule[SETUP] = 0.5, 1.0, 1.0
        elif number == 1:  # as planned
            rule[PLAN], rule[STAY], rule[HOLD] = 10.0, 20.0, 1.0
        elif number == 2:  # least slack
            rule[SLACK], rule[CLIP] = 1.0, 0.0
        elif number == 3:  # most work remaining
            rule[TAIL], rule[FINISH] = 1.0, 1.0
        elif number == 4:  # fewest changeovers
            rule[SETUP], rule[SLACK], rule[CHANGE] = 10.0, 0.05, 3.0
        elif number == 5:  # even load
            rule[LOAD], rule[SLACK] = 5.0, 0.2
        elif number == 6:  # as planned, with due dates
            rule[PLAN], rule[STAY], rule[SLACK], rule[HOLD] = 1.0, 1.0, 0.5, 1.0
        else:  # apparent tardiness cost, first end first
            rule[SLACK], rule[SHORT], rule[FINISH] = 0.3, 1.0, 0.5
        return
    # what a rule is after decides which weights it has at all: those that the best of thousands had
    purpose = uniform(draws)
    rule[DELAY] = min(1.0, 2.0 * uniform(draws))
    rule[PRIORITY] = 2.0 * uniform(draws)
    rule[NOISE] = max(0.0, 2.0 * uniform(draws) - 0.8)
    rule[SLACK] = 0.2 + _some(draws, 1.0, 0.5)
    rule[SETUP] = _some(draws, 0.5, 0.3)
    rule[CHANGE] = _some(draws, 0.5, 0.3)
    if purpose < 0.4:  # on time
        rule[SLACK] += 0.3
        rule[BEGIN] = _some(draws, 0.3, 0.5)
        rule[SHORT] = _some(draws, 0.3, 0.5)
    elif purpose < 0.5:  # makespan
        rule[TAIL] = 0.5 + _some(draws, 1.0, 2.0)
        rule[FINISH] = _some(draws, 0.5, 1.0)
    elif purpose < 0.6:  # throughput
        rule[DELAY] *= 0.5
        rule[SHORT] = _some(draws, 0.5, 1.0)
        rule[FINISH] = _some(draws, 0.5, 1.0)
    elif purpose < 0.72:  # changeovers
        rule[SETUP] = 1.0 + _some(draws, 1.0, 5.0)
        rule[CHANGE] = _some(draws, 0.7, 2.0)
        rule[SLACK] *= uniform(draws)
    elif purpose < 0.8:  # even load
        rule[LOAD] = 0.5 + _some(draws, 1.0, 4.0)
    elif purpose < 0.9:  # close to the plan in force
        rule[PLAN] = 0.1 + _some(draws, 1.0, 2.0)
        rule[STAY] = _some(draws, 0.7, 3.0)
        rule[HOLD] = 1.0 if uniform(draws) < 0.7 else 0.0
    else:  # anything
        for weight in (SHORT, BEGIN, FINISH, TAIL, LOAD, PLAN, STAY):
            rule[weight] = _some(draws, 0.5, 1.0)
        if uniform(draws) < 0.3:
            rule[CLIP] = 0.0
    for k in range(WEIGHTS, rule.shape[0]):
        rule[k] = rule[NOISE] * (uniform(draws) - 0.5)


@part
def _some(draws: Any, chance: float, mean: float) -> float:
    """Exponentially distributed with a chance, otherwise 0."""
    if uniform(draws) >= chance:
        return 0.0
    return float(-mean * np.log(1.0 - uniform(draws)))


@part
def best_place(
    p: Any,
    c: Any,
    op: int,
    earliest: int,
    only_alternative: int,
    only_operator: int,
    f: Any,
    load_price: float,
    stay_s: float,
    setup_price: float,
    hold: bool,
) -> tuple[int, int, int, int]:
    """The alternative and operator that end an operation first, less what staying as planned is worth,
    plus a price for setups and for loaded operators; among those allowed (`ANY`: all).

    Returns:
        (alternative, operator, begin, end)
    """
    best = np.inf
    found = (-1, UNATTENDED, 0, 0)
    first, last = p.alt_ptr[op], p.alt_ptr[op + 1]
    if only_alternative != ANY:
        first, last = only_alternative, only_alternative + 1
    for a in range(first, last):
        machine = p.alt_machine[a]
        free = max(earliest, f.machine_free[machine])
        setup = setup_time(p, machine, f.mounted[machine], op)
        work = setup + p.alt_run_s[a]
        planned = p.op_base_machine[op] == machine
        if hold and planned:
            free = max(free, hold_until(c, op, setup))
        price = setup_price * setup - (stay_s if planned else 0.0)
        row = p.machine_class[machine]
        members = 1
        group = p.alt_crew[a]
        if only_operator == ANY and group != UNATTENDED:
            members = p.crew_ptr[group + 1] - p.crew_ptr[group]
        for k in range(members):
            operator = only_operator
            if only_operator == ANY:
                operator = p.crew[p.crew_ptr[group] + k] if group != UNATTENDED else UNATTENDED
            at = free
            cost = price
            column = p.pair_calendar.shape[1] - 1
            if operator != UNATTENDED:
                at = max(at, f.operator_free[operator])
                column = p.operator_class[operator]
                cost += load_price * f.load[operator]
                if planned and p.op_base_operator[op] == operator:
                    cost -= stay_s
            if at + work + cost >= best:
                continue
            begin, _, end = place(
                p, p.pair_calendar[row, column], at, setup, p.alt_run_s[a], p.op_pausable[op]
            )
            if end + cost < best:
                best = end + cost
                found = (a, operator, begin, end)
    return found


@part
def ready_time(p: Any, op: int, end: Ints) -> int:
    """Earliest begin of an operation by its own ready time and its planned predecessors."""
    earliest = p.op_ready_s[op]
    for e in range(p.pred_ptr[op], p.pred_ptr[op + 1]):
        earliest = max(earliest, end[p.pred[e]] + p.pred_lag_s[e])
    return int(earliest)


class Floor(NamedTuple):
    """The shop floor while a plan is built: when resources are free, and the operations in waiting."""

    machine_free: Ints  # [M]
    mounted: Ints  # [M]
    operator_free: Ints  # [W]
    load: Floats  # [W] seconds of work given to an operator
    end: Ints  # [N]
    static: Floats  # [N] the unchanging part of an operation's score
    waiting: Ints  # [N] predecessors not planned yet
    ready: Ints  # [N] operations that may be planned next
    since: Ints  # [N] when their predecessors end
    # the best place of each ready operation, and whether it may have changed
    alternative: Ints
    operator: Ints
    begin: Ints
    finish: Ints
    stale: Ints


@njit(cache=True, nogil=True)
def empty_floor(p: Any) -> Floor:
    """Working space of a problem."""
    n = p.op_order.shape[0]
    return Floor(
        p.machine_ready_s.copy(),
        p.machine_family.copy(),
        p.operator_ready_s.copy(),
        np.zeros(p.operator_ready_s.shape[0]),
        np.zeros(n, np.int64),
        np.zeros(n),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
    )


@part
def _clear(p: Any, f: Any) -> None:
    for machine in range(p.machine_ready_s.shape[0]):
        f.machine_free[machine] = p.machine_ready_s[machine]
        f.mounted[machine] = p.machine_family[machine]
    for operator in range(p.operator_ready_s.shape[0]):
        f.operator_free[operator] = p.operator_ready_s[operator]
        f.load[operator] = 0.0
    for op in range(p.op_order.shape[0]):
        f.waiting[op] = p.pred_ptr[op + 1] - p.pred_ptr[op]
        f.stale[op] = 1


@part
def _occupy(p: Any, f: Any, op: int, alternative: int, operator: int, end: int) -> int:
    """Note that an operation is planned; its work in seconds."""
    machine = p.alt_machine[alternative]
    work = setup_time(p, machine, f.mounted[machine], op) + p.alt_run_s[alternative]
    f.end[op] = end
    f.machine_free[machine] = end
    if p.op_family[op] >= 0:
        f.mounted[machine] = p.op_family[op]
    if operator != UNATTENDED:
        f.operator_free[operator] = end
        f.load[operator] += work
    return int(work)


@part
def dispatch(p: Any, c: Any, rule: Floats, f: Any, sequence: Ints, alternative: Ints, operator: Ints) -> None:
    """Build a plan by a rule, into the last three arguments ([N] each)."""
    n = p.op_order.shape[0]
    operators = max(p.operator_ready_s.shape[0], 1)
    mean = c.mean_run_s
    stay_s = rule[STAY] * mean
    hold = rule[HOLD] > 0.0
    follow = rule[FOLLOW] > 0.0
    total_load = 0.0
    count = 0  # of ready operations
    _clear(p, f)
    _static_scores(p, c, rule, f)
    for step in range(n):
        mean_load = 1.0 + total_load / operators
        if step < c.fixed or follow:
            op = p.fixed_sequence[step] if step < c.fixed else sequence[step]
            a = p.fixed_alternative[op] if step < c.fixed else alternative[op]
            who = p.fixed_operator[op] if step < c.fixed else operator[op]
            since = ready_time(p, op, f.end)
            a, who, _, end = best_place(p, c, op, since, a, who, f, 0.0, 0.0, 0.0, hold)
        else:
            if step == c.fixed:
                for other in range(n):
                    if f.waiting[other] == 0:
                        f.ready[count] = other
                        f.since[other] = ready_time(p, other, f.end)
                        f.begin[other] = f.finish[other] = -1
                        count += 1
            # places only get worse as resources fill, so an old end bounds the new one: renew those places
            # only that may matter now
            first_end = -1
            renewed = True
            while renewed:
                renewed = False
                bound = first_end
                first_begin = first_end = 2**62
                for i in range(count):
                    op = f.ready[i]
                    if f.stale[op] and f.begin[op] <= bound:
                        f.alternative[op], f.operator[op], f.begin[op], f.finish[op] = best_place(
                            p,
                            c,
                            op,
                            f.since[op],
                            ANY,
                            ANY,
                            f,
                            rule[LOAD] * mean / mean_load,
                            stay_s,
                            rule[CHANGE],
                            hold,
                        )
                        f.stale[op] = 0
                    first_begin = min(first_begin, f.begin[op])
                    first_end = min(first_end, f.finish[op])
                renewed = first_end > bound
            limit = first_begin + rule[DELAY] * (first_end - first_begin)
            best = -np.inf
            chosen = -1
            for i in range(count):
                op = f.ready[i]
                if f.begin[op] > limit or (f.begin[op] == first_end and first_end > first_begin):
                    continue
                machine = p.alt_machine[f.alternative[op]]
                slack = (c.latest_s[op] - f.begin[op]) / mean
                if rule[CLIP] > 0.0:
                    slack = max(slack, 0.0)
                score = f.static[op] - rule[SLACK] * slack
                if rule[SETUP] != 0.0:
                    score -= rule[SETUP] * setup_time(p, machine, f.mounted[machine], op) / mean
                if rule[LOAD] != 0.0 and f.operator[op] != UNATTENDED:
                    score -= rule[LOAD] * f.load[f.operator[op]] / mean_load
                score -= rule[BEGIN] * (f.begin[op] - first_begin) / mean
                score -= rule[FINISH] * (f.finish[op] - first_end) / mean
                if score > best:
                    best = score
                    chosen = i
            op = f.ready[chosen]
            count -= 1
            f.ready[chosen] = f.ready[count]
            a = f.alternative[op]
            who = f.operator[op]
            end = f.finish[op]
        sequence[step], alternative[op], operator[op] = op, a, who
        work = _occupy(p, f, op, a, who, end)
        if who != UNATTENDED:
            total_load += work
        f.waiting[op] = -1
        for i in range(count):
            other = f.ready[i]
            if who != UNATTENDED and f.operator[other] == who:
                f.stale[other] = 1
            for b in range(p.alt_ptr[other], p.alt_ptr[other + 1]):
                if p.alt_machine[b] == p.alt_machine[a]:
                    f.stale[other] = 1
        for e in range(p.succ_ptr[op], p.succ_ptr[op + 1]):
            after = p.succ[e]
            f.waiting[after] -= 1
            if f.waiting[after] == 0 and step >= c.fixed and not follow:
                f.ready[count] = after
                f.since[after] = ready_time(p, after, f.end)
                f.begin[after] = f.finish[after] = -1
                count += 1


@part
def _static_scores(p: Any, c: Any, rule: Floats, f: Any) -> None:
    """The part of every operation's score that does not depend on when it is planned."""
    mean = c.mean_run_s
    for op in range(p.op_order.shape[0]):
        begin = p.op_base_begin_s[op] if p.op_base_machine[op] >= 0 else c.latest_s[op]
        f.static[op] = (
            rule[WEIGHTS + p.op_order[op]]
            + rule[PRIORITY] * np.log(max(c.weight[op], 1e-3))
            + (rule[TAIL] * c.tail_s[op] - rule[PLAN] * begin) / mean
            - rule[SHORT] * np.log(p.alt_run_s[p.alt_ptr[op]] / mean + 1e-3)
        )


@njit(cache=True, nogil=True)
def draw_rules(first: int, count: int, orders: int, draws: Any) -> Floats:
    """Rules `first`, `first + 1`, …: [count, WEIGHTS + orders]."""
    rules = np.zeros((count, WEIGHTS + orders))
    for k in range(count):
        draw_rule(first + k, draws, rules[k])
    return rules


def breed_rules(parents: Floats, count: int, random: np.random.Generator) -> Floats:
    """Rules like the parents ([any, WEIGHTS + J]): half of them vary in weights, all in bonuses."""
    mothers, fathers = (parents[random.integers(len(parents), size=count)] for _ in range(2))
    rules = mothers.copy()
    weights, bonuses = rules[:, :WEIGHTS], rules[:, WEIGHTS:]
    new = random.random((count, 1)) < 0.5
    varied = weights * np.exp(random.normal(0.0, VARIATION, weights.shape))
    weights[:] = np.where(new & (random.random(weights.shape) < 0.5), varied, weights)
    weights[:] = np.where(new & (random.random(weights.shape) < 0.15), fathers[:, :WEIGHTS], weights)
    weights[:, DELAY] = np.minimum(weights[:, DELAY], 1.0)
    # few orders or many, a little or much
    share, spread = (
        low * (high / low) ** random.random((count, 1)) for low, high in (BONUS_SHARE, BONUS_SPREAD)
    )
    bonuses[:] = np.where(random.random(bonuses.shape) < 0.15, fathers[:, WEIGHTS:], bonuses)
    steps = random.normal(0.0, 1.0, bonuses.shape) * spread
    bonuses += np.where(random.random(bonuses.shape) < share, steps, 0.0)
    return rules


@njit(cache=True, nogil=True)
def sample(p: Any, c: Any, rules: Floats, sequence: Ints, alternative: Ints, operator: Ints) -> Floats:
    """Build a plan by each of the rules, into [count, N] arrays.

    Returns:
        [count, 6] their objectives.
    """
    floor = empty_floor(p)
    values = np.empty((rules.shape[0], 6))
    for k in range(rules.shape[0]):
        dispatch(p, c, rules[k], floor, sequence[k], alternative[k], operator[k])
        plan = PlanArrays(sequence[k], alternative[k], operator[k])
        hold = 1 if rules[k, HOLD] > 0.0 else 0
        values[k] = objectives(p, plan, decode(p, plan, held_until(p, c, sequence[k], alternative[k], hold)))
    return values


@njit(cache=True, nogil=True)
def held_until(p: Any, c: Any, sequence: Ints, alternative: Ints, hold: int) -> Ints:
    """[N] the begins that a plan holds to: setup such that the run starts as planned, for what stays on
    its planned machine."""
    until = np.zeros(sequence.shape[0], np.int64)
    if hold != 0:
        _hold(p, c, sequence, alternative, p.machine_family.copy(), until)
    return until


@part
def _hold(p: Any, c: Any, sequence: Ints, alternative: Ints, mounted: Ints, until: Ints) -> None:
    for step in range(sequence.shape[0]):
        op = sequence[step]
        machine = p.alt_machine[alternative[op]]
        if machine == p.op_base_machine[op]:
            until[op] = max(0, hold_until(c, op, setup_time(p, machine, mounted[machine], op)))
        if p.op_family[op] >= 0:
            mounted[machine] = p.op_family[op]


def complete(p: ProblemArrays, c: Context, sequence: Ints, alternative: Ints, operator: Ints) -> None:
    """Choose the alternatives and operators that are still `ANY`, each to end its operation first."""
    rule = np.zeros((1, WEIGHTS + p.order_due_s.size))
    rule[0, FOLLOW] = 1.0
    sample(p, c, rule, sequence[None], alternative[None], operator[None])
