"""What local search tries: each move picks an operation and a new position, alternative and operator.

The moves and their shares are those that paid when measured on disrupted plants (docs/explanation/
how-plans-are-found.md). A move that would break precedence is cut short at the predecessor or successor.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from linewright.plant.arrays import UNATTENDED, Floats, Ints
from linewright.plant.kernel import part
from linewright.plant.timing import place, setup_time
from linewright.schedule.keyed import below, uniform

(
    FAMILY,  # beside an operation of the same setup family, on its machine
    SWAP,  # before the operation ahead of it on its machine
    INSERT,  # a few places away on its machine
    REASSIGN,  # to another machine
    OPERATOR,  # to another operator
    BLOCKER,  # on the chain that makes an order late: before what blocks it
    DETOUR,  # on that chain: to another machine or operator
    RETURN,  # back to where the plan in force has it
    BALANCE,  # from a loaded operator (machine, in a plant without people) to the least loaded one
) = range(9)
MOVES = 9


@part
def propose(p: Any, c: Any, s: Any, kind: int, weights: Floats, stream: Any, move: Ints) -> bool:
    """Write a move (operation, position, alternative, operator); False where this one finds nothing."""
    op = c.free[below(stream, c.free.shape[0])]
    if kind == FAMILY:
        return _beside_family(p, c, s, stream, move)
    if kind == SWAP:
        return _ahead(p, c, s, op, s.machine_before[op], move)
    if kind == INSERT:
        return _insert(p, c, s, op, stream, move)
    if kind == REASSIGN:
        return _reassign(p, c, s, op, stream, move)
    if kind == OPERATOR:
        return _other_operator(p, c, s, op, stream, move)
    if kind == RETURN:
        return _return(p, c, s, op, stream, move)
    if kind == BALANCE:
        return _balance(p, c, s, op, stream, move)
    op = _on_chain(p, c, s, weights, stream)
    if op < 0:
        return False
    if kind == BLOCKER:
        before, who_before = s.machine_before[op], s.operator_before[op]
        if before < 0 or (who_before >= 0 and s.end[who_before] > s.end[before]):
            before = who_before
        return _ahead(p, c, s, op, before, move)
    if uniform(stream) < 0.5:
        return _reassign(p, c, s, op, stream, move) or _other_operator(p, c, s, op, stream, move)
    return _other_operator(p, c, s, op, stream, move) or _reassign(p, c, s, op, stream, move)


@part
def _stay(s: Any, op: int, position: int, move: Ints) -> None:
    """A move of position only."""
    move[0], move[1], move[2], move[3] = op, position, s.alternative[op], s.operator[op]


@part
def within(p: Any, c: Any, s: Any, op: int, position: int) -> int:
    """The position cut short at the operation's predecessors and successors and at what is settled."""
    low, high = c.fixed, s.sequence.shape[0] - 1
    for e in range(p.pred_ptr[op], p.pred_ptr[op + 1]):
        low = max(low, s.position[p.pred[e]] + 1)
    for e in range(p.succ_ptr[op], p.succ_ptr[op + 1]):
        high = min(high, s.position[p.succ[e]] - 1)
    return int(min(max(position, low), high))


@part
def _ahead(p: Any, c: Any, s: Any, op: int, before: int, move: Ints) -> bool:
    """The operation before another, or that one behind it, whichever precedence allows."""
    if before < 0 or s.position[before] < c.fixed:
        return False
    if within(p, c, s, op, s.position[before]) == s.position[before]:
        _stay(s, op, s.position[before], move)
        return True
    if within(p, c, s, before, s.position[op]) == s.position[op]:
        _stay(s, before, s.position[op], move)
        return True
    return False


@part
def _insert(p: Any, c: Any, s: Any, op: int, stream: Any, move: Ints) -> bool:
    steps = 1 + below(stream, 6)
    back = uniform(stream) < 0.6
    other = op
    for _ in range(steps):
        following = s.machine_before[other] if back else s.machine_after[other]
        if following < 0 or s.position[following] < c.fixed:
            break
        other = following
    position = within(p, c, s, op, s.position[other])
    if position == s.position[op]:
        return False
    _stay(s, op, position, move)
    return True


@part
def _beside_family(p: Any, c: Any, s: Any, stream: Any, move: Ints) -> bool:
    if c.family.shape[0] == 0:
        return False
    op = c.family[below(stream, c.family.shape[0])]
    first = c.family_ptr[p.op_family[op]]
    members = c.family_ptr[p.op_family[op] + 1] - first
    for _ in range(8):
        other = c.family[first + below(stream, members)]
        if other == op:
            continue
        machine = p.alt_machine[s.alternative[other]]
        for a in range(p.alt_ptr[op], p.alt_ptr[op + 1]):
            if p.alt_machine[a] != machine:
                continue
            position = s.position[other]
            if uniform(stream) < 0.5:  # behind it
                if position < s.position[op]:
                    position += 1
            elif position > s.position[op]:
                position -= 1
            position = within(p, c, s, op, position)
            if position == s.position[op] and a == s.alternative[op]:
                break
            move[0], move[1], move[2] = op, position, a
            move[3] = _operator_for(p, s, op, position, a, stream)
            return True
    return False


@part
def _reassign(p: Any, c: Any, s: Any, op: int, stream: Any, move: Ints) -> bool:
    choices = p.alt_ptr[op + 1] - p.alt_ptr[op]
    if choices < 2 or s.position[op] < c.fixed:
        return False
    a = p.alt_ptr[op] + below(stream, choices - 1)
    if a >= s.alternative[op]:
        a += 1
    move[0], move[1], move[2] = op, s.position[op], a
    move[3] = _operator_for(p, s, op, s.position[op], a, stream)
    return True


@part
def _other_operator(p: Any, c: Any, s: Any, op: int, stream: Any, move: Ints) -> bool:
    group = p.alt_crew[s.alternative[op]]
    if group == UNATTENDED or s.position[op] < c.fixed:
        return False
    members = p.crew_ptr[group + 1] - p.crew_ptr[group]
    who = p.crew[p.crew_ptr[group] + below(stream, members)]
    if who == s.operator[op]:
        return False
    move[0], move[1], move[2], move[3] = op, s.position[op], s.alternative[op], who
    return True


@part
def _return(p: Any, c: Any, s: Any, op: int, stream: Any, move: Ints) -> bool:
    for _ in range(8):
        if s.moved[op]:
            break
        op = c.free[below(stream, c.free.shape[0])]
    machine = p.op_base_machine[op]
    if machine < 0:
        return False
    for a in range(p.alt_ptr[op], p.alt_ptr[op + 1]):
        if p.alt_machine[a] != machine:
            continue
        other = s.machine_last[machine]
        while other >= 0 and s.begin[other] >= p.op_base_begin_s[op]:
            other = s.machine_before[other]
        position = c.fixed
        if other >= 0:
            position = s.position[other] + (1 if s.position[other] < s.position[op] else 0)
        position = within(p, c, s, op, position)
        who = _operator_for(p, s, op, position, a, stream)
        group = p.alt_crew[a]
        if group != UNATTENDED:
            for e in range(p.crew_ptr[group], p.crew_ptr[group + 1]):
                if p.crew[e] == p.op_base_operator[op]:
                    who = p.crew[e]
        move[0], move[1], move[2], move[3] = op, position, a, who
        return bool(a != s.alternative[op] or position != s.position[op] or who != s.operator[op])
    return False


@part
def _balance(p: Any, c: Any, s: Any, op: int, stream: Any, move: Ints) -> bool:
    people = p.operator_ready_s.shape[0] > 0
    for _ in range(3):  # the operation of the most loaded among a few
        other = c.free[below(stream, c.free.shape[0])]
        k = s.operator[op] if people else p.alt_machine[s.alternative[op]]
        j = s.operator[other] if people else p.alt_machine[s.alternative[other]]
        if k < 0 or (j >= 0 and s.work[j] > s.work[k]):
            op = other
    who = s.operator[op]
    alternative = s.alternative[op]
    if not people:
        least = s.work[p.alt_machine[alternative]]
        for a in range(p.alt_ptr[op], p.alt_ptr[op + 1]):
            if s.work[p.alt_machine[a]] < least:
                least = s.work[p.alt_machine[a]]
                alternative = a
        if alternative == s.alternative[op]:
            return False
    else:
        if who < 0:
            return False
        least = s.work[who]
        group = p.alt_crew[alternative]
        for e in range(p.crew_ptr[group], p.crew_ptr[group + 1]):
            # not always the very least loaded one: ten percent of doubt
            if s.work[p.crew[e]] < least * (1.0 - 0.1 * uniform(stream)):
                least = s.work[p.crew[e]]
                who = p.crew[e]
        if who == s.operator[op]:
            return False
    move[0], move[1], move[2], move[3] = op, s.position[op], alternative, who
    return True


@part
def _on_chain(p: Any, c: Any, s: Any, weights: Floats, stream: Any) -> int:
    """An operation on the chain of causes behind a late order, or behind the last end of the plan."""
    orders = p.order_due_s.shape[0]
    order = below(stream, orders)
    share = uniform(stream) * (weights[0] + weights[1] + weights[2] + 1e-9)
    if share < weights[0]:  # drawn by its tardiness
        left = uniform(stream) * s.total[0]
        for j in range(orders):
            if p.order_complete[j]:
                left -= p.order_weight[j] * max(0, s.completion[j] - p.order_due_s[j])
                if left <= 0.0:
                    order = j
                    break
    elif share < weights[0] + weights[1]:
        for j in range(orders):
            if s.completion[j] > s.completion[order]:
                order = j
    if c.sink_ptr[order] == c.sink_ptr[order + 1]:
        return -1
    op = c.sink[c.sink_ptr[order]]
    for e in range(c.sink_ptr[order], c.sink_ptr[order + 1]):
        if s.end[c.sink[e]] > s.end[op]:
            op = c.sink[e]
    steps = 1 + below(stream, 12)
    blocked = -1  # the last operation passed that waited for its machine or its operator
    while steps > 0:
        cause, latest = -1, p.op_ready_s[op]
        for e in range(p.pred_ptr[op], p.pred_ptr[op + 1]):
            if s.end[p.pred[e]] + p.pred_lag_s[e] > latest:
                cause, latest = p.pred[e], s.end[p.pred[e]] + p.pred_lag_s[e]
        resource = False
        for before in (s.machine_before[op], s.operator_before[op]):
            if before >= 0 and s.end[before] > latest:
                cause, latest = before, s.end[before]
                resource = True
        if resource:
            blocked = op
            steps -= 1
        if cause < 0 or s.position[cause] < c.fixed:
            break
        op = cause
    if blocked >= 0 and s.position[blocked] >= c.fixed:
        return int(blocked)
    return -1


@part
def _operator_for(p: Any, s: Any, op: int, position: int, alternative: int, stream: Any) -> int:
    """An operator for an operation at a place: the present one half of the time, else who ends it first
    there (the less loaded of equals)."""
    group = p.alt_crew[alternative]
    if group == UNATTENDED:
        return UNATTENDED
    first, last = p.crew_ptr[group], p.crew_ptr[group + 1]
    if uniform(stream) < 0.5:
        for e in range(first, last):
            if p.crew[e] == s.operator[op]:
                return int(s.operator[op])
    machine = p.alt_machine[alternative]
    before = s.machine_last[machine]
    while before >= 0 and (before == op or s.position[before] >= position):
        before = s.machine_before[before]
    earliest, mounted = p.machine_ready_s[machine], p.machine_family[machine]
    if before >= 0:
        earliest, mounted = s.end[before], s.mounted[before]
    earliest = max(earliest, p.op_ready_s[op])
    for e in range(p.pred_ptr[op], p.pred_ptr[op + 1]):
        earliest = max(earliest, s.end[p.pred[e]] + p.pred_lag_s[e])
    setup = setup_time(p, machine, mounted, op)
    best = np.inf
    found = p.crew[first]
    turn = below(stream, last - first)
    for k in range(last - first):
        who = p.crew[first + (k + turn) % (last - first)]
        before = s.operator_last[who]
        while before >= 0 and (before == op or s.position[before] >= position):
            before = s.operator_before[before]
        at = max(earliest, s.end[before] if before >= 0 else p.operator_ready_s[who])
        doubt = 1.0 + s.work[who] * 1e-6
        if at + setup + p.alt_run_s[alternative] + doubt >= best:
            continue
        calendar = p.pair_calendar[p.machine_class[machine], p.operator_class[who]]
        _, _, end = place(p, calendar, at, setup, p.alt_run_s[alternative], p.op_pausable[op])
        if end + doubt < best:
            best = end + doubt
            found = who
    return int(found)
