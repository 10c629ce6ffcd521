"""The independent checker of `linewright check`: is every scenario of a replan document what it says?

Written from the records and the stated semantics alone, in plain Python: it shares no code with the
arrays, their builder, their timing, the calendars, the pegging of materials, search or simulation.
Sharing would let one mistake pass on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from linewright.errors import Finding, LinewrightError
from linewright.plant.disruption import apply, from_dict
from linewright.plant.history import state_at
from linewright.plant.plan import PlantState, Progress
from linewright.plant.records import LONGEST, Plant
from linewright.plant.verify_document import UNSEARCHED, Document, Key, parse, read_document
from linewright.plant.verify_facts import GONE_S, Facts
from linewright.plant.verify_scenario import ScenarioCheck

__all__ = ["OBJECTIVES", "Examination", "examine", "read_document", "verify"]

OBJECTIVES = (
    "weighted_tardiness_s",
    "makespan_s",
    "mean_flow_s",
    "setup_s",
    "imbalance_s",
    "moved_operations",
)


@dataclass(frozen=True, slots=True)
class Examination:
    findings: list[Finding]
    objectives: dict[str, dict[str, float]]  # scenario -> name -> recomputed value


def verify(
    plant: Plant, state: PlantState, document: object, *, history: Sequence[Progress] = ()
) -> list[Finding]:
    """Everything wrong with a replan document; empty when it holds.

    Args:
        plant: the plant the document was made for.
        state: its state before the disruption; brought to the document's moment with `history`.
        document: the JSON value (`read_document`).
        history: the recorded operations of the plant folder.
    """
    return examine(plant, state, document, history=history).findings


def examine(
    plant: Plant, state: PlantState, document: object, *, history: Sequence[Progress] = ()
) -> Examination:
    """`verify`, with the objectives it recomputed."""
    parsed, findings = parse(document)
    if parsed is None:
        return Examination(findings, {})
    if parsed.plant != plant.id:
        what = f"is about plant {parsed.plant!r}; this is {plant.id!r}."
        return Examination([Finding("document", what, "Maybe another plant folder.")], {})
    try:
        state = state_at(plant, state, history, parsed.at)
        for item in parsed.disruption:
            state = apply(plant, state, from_dict(item))
    except LinewrightError as error:
        return Examination([Finding("document", f"cannot be applied to this plant: {error}")], {})
    facts = Facts(plant, state, parsed)
    findings = [*_names(parsed), *_controls(facts, parsed), *_unplannable(facts, parsed)]
    excused = frozenset(key for key, _ in parsed.unplannable)
    objectives: dict[str, dict[str, float]] = {}
    for claim in parsed.scenarios:
        check = ScenarioCheck(facts, claim, excused)
        findings.extend(check.findings)
        objectives[claim.id] = check.objectives
    findings.extend(_set(parsed, objectives))
    return Examination(findings, objectives)


def _names(document: Document) -> Iterator[Finding]:
    if document.objectives != OBJECTIVES:
        yield Finding(
            "document", f"objectives are {list(document.objectives)}; they should be {list(OBJECTIVES)}."
        )
    ids = {claim.id for claim in document.scenarios}
    for name in UNSEARCHED:
        if name not in ids:
            yield Finding("document", f"scenario {name!r} is missing.", "Every document compares with it.")


def _controls(facts: Facts, document: Document) -> Iterator[Finding]:
    """Controls that name something unknown."""
    jobs = {f"{order}/{operation}" for order, operation in facts.jobs} | {
        f"{order}/{operation}" for order, operation in facts.progress
    }
    controls = document.controls
    named = {
        *controls.pin_machine,
        *controls.pin_operator,
        *controls.not_before,
        *(job for job, _ in controls.forbid),
    }
    machines = {*controls.pin_machine.values(), *controls.forbid_machines, *(m for _, m in controls.forbid)}
    for kind, unknown in (
        ("job order", named - jobs),
        ("machine", machines - facts.machines.keys()),
        ("person", set(controls.pin_operator.values()) - facts.people.keys()),
        ("order", controls.priority.keys() - facts.orders.keys()),
    ):
        for name in sorted(unknown):
            yield Finding("document controls", f"{kind} {name!r} does not exist.")


def _unplannable(facts: Facts, document: Document) -> Iterator[Finding]:
    """What is listed as unplannable must have a reason that can be seen in the records."""
    listed = {key for key, _ in document.unplannable}
    for key, why in document.unplannable:
        order, operation = key
        where = f"unplannable order {order} operation {operation}"
        if not why:
            yield Finding(where, "has no reason.")
        if key not in facts.jobs:
            yield Finding(where, "is not an open operation.")
        elif not _impossible(facts, key, listed):
            yield Finding(where, f"could be planned; stated: {why}")


def _impossible(facts: Facts, key: Key, listed: set[Key]) -> bool:
    """Whether nobody can do an operation, its material does not come, or what precedes it is listed too."""
    job = facts.jobs[key]
    if any((job.order.id, name) in listed for name in job.operation.after) or facts.short_of(job, listed):
        return True
    if job.begun is not None:
        _, operator = facts.going_on(job)
        periods = facts.open_time(job.begun.machine, operator).periods
        never = not periods or periods[-1][1] <= facts.now
        gone = facts.machine_ready(job.begun.machine) > facts.now + GONE_S
        return never or gone or facts.work_left(job) > LONGEST.total_seconds()
    return facts.ready(job)[0] > facts.now + GONE_S or not any(
        facts.lasts(job, alternative, person)
        for alternative in facts.alternatives(job)
        for person in facts.crew(job, alternative)
    )


def _set(document: Document, objectives: dict[str, dict[str, float]]) -> Iterator[Finding]:
    """The searched scenarios are distinct, and none is at least as good as another in everything.

    A scenario that could not be measured has its own findings and is not compared.
    """
    searched = [claim for claim in document.scenarios if claim.id not in UNSEARCHED and objectives[claim.id]]
    plans = {
        claim.id: frozenset(
            (block.key, block.machine, block.operator, block.setup_start, block.start, block.end)
            for block in claim.blocks
        )
        for claim in searched
    }
    for first, second in combinations(searched, 2):
        if plans[first.id] == plans[second.id]:
            yield Finding(f"scenario {second.id}", f"is the same plan as {first.id}.")
            continue
        a = [objectives[first.id][name] for name in OBJECTIVES]
        b = [objectives[second.id][name] for name in OBJECTIVES]
        for better, worse, x, y in ((first, second, a, b), (second, first, b, a)):
            if x != y and all(i <= j for i, j in zip(x, y, strict=True)):
                yield Finding(f"scenario {worse.id}", f"is dominated by {better.id}: no objective is better.")
