"""The plans worth keeping while a search runs: an epsilon-box archive over all objectives.

Objective space is divided into boxes; a box is held by one plan at most, and only where no other held box
is as good in every objective (Laumanns, Thiele, Deb and Zitzler, 2002). So the archive stays mutually
non-dominated and bounded, whatever is offered.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from linewright.plant.arrays import NEVER, OBJECTIVES, Floats, Ints, PlanArrays
from linewright.plant.kernel import kernel, part

D = len(OBJECTIVES)


class Archive(NamedTuple):
    """`held[0]` plans in rows; islands fill small ones, which are merged into the one they share."""

    held: Ints  # [1] how many
    values: Floats  # [capacity, 6]
    boxes: Ints  # [capacity, 6]
    origin: Ints  # [capacity] how the plan was found
    hold: Ints  # [capacity] 1: no run starts on its planned machine before it was planned to
    sequence: npt.NDArray[np.int32]  # [capacity, N]
    alternative: npt.NDArray[np.int32]  # [capacity, N]
    operator: npt.NDArray[np.int32]  # [capacity, N]
    corner: Floats  # [6] where box 0 begins
    width: Floats  # [6] of a box


def empty_archive(capacity: int, operations: int) -> Archive:
    """An archive that holds nothing yet; set `corner` and `width` before offering."""
    rows = (capacity, operations)
    return Archive(
        held=np.zeros(1, np.int64),
        values=np.zeros((capacity, D)),
        boxes=np.zeros((capacity, D), np.int64),
        origin=np.zeros(capacity, np.int64),
        hold=np.zeros(capacity, np.int64),
        sequence=np.zeros(rows, np.int32),
        alternative=np.zeros(rows, np.int32),
        operator=np.zeros(rows, np.int32),
        corner=np.zeros(D),
        width=np.ones(D),
    )


@part
def box_of(archive: Any, values: Floats, box: Ints) -> None:
    """Write the box of an objective vector."""
    for k in range(D):
        box[k] = int(np.floor((values[k] - archive.corner[k]) / archive.width[k]))


@part
def covered(archive: Any, box: Ints, hint: int) -> int:
    """The row of a plan whose box is as good in every objective, -1: none; `hint` is tried first."""
    count = archive.held[0]
    if hint < count:
        k = 0
        while k < D and archive.boxes[hint, k] <= box[k]:
            k += 1
        if k == D:
            return hint
    for i in range(count):
        k = 0
        while k < D and archive.boxes[i, k] <= box[k]:
            k += 1
        if k == D:
            return i
    return -1


@kernel
def offer(
    archive: Any,
    values: Floats,
    box: Ints,
    origin: int,
    hold: int,
    sequence: Any,
    alternative: Any,
    operator: Any,
) -> bool:
    """Take a plan in, unless a held one covers it or there is no room; what it covers leaves.

    Of two plans in one box the one nearer to the box's best corner stays.
    """
    if values[1] >= NEVER:
        return False
    box_of(archive, values, box)
    rival = covered(archive, box, archive.values.shape[0])
    if rival >= 0:
        same = True
        gain = 0.0
        for k in range(D):
            same = same and archive.boxes[rival, k] == box[k]
            gain += (archive.values[rival, k] - values[k]) / archive.width[k]
        if not same or gain <= 0.0:
            return False
    i = 0
    while i < archive.held[0]:
        k = 0
        while k < D and box[k] <= archive.boxes[i, k]:
            k += 1
        if k == D:
            archive.held[0] -= 1
            _copy_row(archive, archive.held[0], i)
        else:
            i += 1
    row = archive.held[0]
    if row == archive.values.shape[0]:
        return False
    archive.held[0] += 1
    archive.origin[row] = origin
    archive.hold[row] = hold
    for k in range(D):
        archive.values[row, k] = values[k]
        archive.boxes[row, k] = box[k]
    for i in range(sequence.shape[0]):
        archive.sequence[row, i] = sequence[i]
        archive.alternative[row, i] = alternative[i]
        archive.operator[row, i] = operator[i]
    return True


@part
def _copy_row(archive: Any, source: int, target: int) -> None:
    if source == target:
        return
    archive.origin[target] = archive.origin[source]
    archive.hold[target] = archive.hold[source]
    for k in range(D):
        archive.values[target, k] = archive.values[source, k]
        archive.boxes[target, k] = archive.boxes[source, k]
    for i in range(archive.sequence.shape[1]):
        archive.sequence[target, i] = archive.sequence[source, i]
        archive.alternative[target, i] = archive.alternative[source, i]
        archive.operator[target, i] = archive.operator[source, i]


@kernel
def merge(archive: Any, other: Any, box: Ints) -> int:
    """Offer all plans of another archive and empty it; how many were taken in."""
    taken = 0
    for i in range(other.held[0]):
        if offer(
            archive,
            other.values[i],
            box,
            other.origin[i],
            other.hold[i],
            other.sequence[i],
            other.alternative[i],
            other.operator[i],
        ):
            taken += 1
    other.held[0] = 0
    return taken


def plan_of(archive: Archive, row: int) -> PlanArrays:
    """A held plan."""
    return PlanArrays(
        archive.sequence[row].astype(np.int64),
        archive.alternative[row].astype(np.int64),
        archive.operator[row].astype(np.int64),
    )
