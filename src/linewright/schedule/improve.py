"""One slice of local search: from a plan, for one weighting of the objectives, a number of moves.

Worse plans are accepted with the probability of simulated annealing at a low, constant temperature.
Every plan that is tried is offered to the archive, whatever became of it in the walk.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from linewright.plant.arrays import Floats, Ints
from linewright.plant.kernel import kernel, part
from linewright.schedule.archive import box_of, covered, offer
from linewright.schedule.keyed import uniform
from linewright.schedule.moves import MOVES, propose
from linewright.schedule.state import State, empty_state, load, measure, relocate, undo


class Bench(NamedTuple):
    """What an island works with; made once, used for every slice."""

    state: State
    values: Floats  # [6]
    box: Ints  # [6]
    move: Ints  # [4]
    best_values: Floats  # [6] of the best plan of the slice
    best_hold: Ints  # [1]
    best_sequence: Ints  # [N]
    best_alternative: Ints
    best_operator: Ints


def empty_bench(p: Any) -> Bench:
    """Working space of a problem."""
    n = p.op_order.shape[0]
    return Bench(
        empty_state(p),
        np.zeros(6),
        np.zeros(6, np.int64),
        np.zeros(4, np.int64),
        np.zeros(6),
        np.zeros(1, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
    )


@part
def scalar(values: Floats, weights: Floats, scale: Floats) -> float:
    """The weighted sum that a walk lowers; `scale`: one over the range of each objective."""
    total = 0.0
    for k in range(6):
        total += weights[k] * values[k] * scale[k]
    return total


@kernel
def improve(
    p: Any,
    c: Any,
    b: Any,
    shared: Any,
    found: Any,
    weights: Floats,
    scale: Floats,
    shares: Floats,
    temperature: float,
    orders: int,
    moves: int,
    origin: int,
    stream: Any,
) -> None:
    """Walk from the plan in `b.best_*`, and leave the best plan met there.

    Args:
        p: `ProblemArrays`.
        c: `Context`.
        b: `Bench`.
        shared: archive of all islands; only read.
        found: archive of this island, for what `shared` does not cover.
        weights: [6] of the objectives, with sum 1.
        scale: [6] one over the range of each objective.
        shares: [MOVES] cumulated shares of the moves.
        temperature: of annealing, in units of the weighted sum.
        orders: how many orders are complete.
        moves: how many moves to try.
        origin: what to call plans found here.
        stream: random numbers.
    """
    s = b.state
    load(p, c, s, b.best_hold[0], b.best_sequence, b.best_alternative, b.best_operator)
    measure(p, s, orders, b.values)
    current = best = scalar(b.values, weights, scale)
    for k in range(6):
        b.best_values[k] = b.values[k]
    hint = 0
    for _ in range(moves):
        u = uniform(stream)
        kind = 0
        while kind < MOVES - 1 and u > shares[kind]:
            kind += 1
        if not propose(p, c, s, kind, weights, stream, b.move):
            continue
        relocate(p, c, s, b.move[0], b.move[1], b.move[2], b.move[3])
        measure(p, s, orders, b.values)
        box_of(shared, b.values, b.box)
        rival = covered(shared, b.box, hint)
        if rival >= 0:
            hint = rival
        else:
            offer(found, b.values, b.box, origin, s.hold[0], s.sequence, s.alternative, s.operator)
        value = scalar(b.values, weights, scale)
        if value <= current or uniform(stream) < np.exp((current - value) / temperature):
            current = value
            if value < best - 1e-12:
                best = value
                for k in range(6):
                    b.best_values[k] = b.values[k]
                for i in range(s.sequence.shape[0]):
                    b.best_sequence[i] = s.sequence[i]
                    b.best_alternative[i] = s.alternative[i]
                    b.best_operator[i] = s.operator[i]
        else:
            undo(p, s)
