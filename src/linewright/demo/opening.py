"""The first morning of a plant: its folder's plan and progress as job orders on the shop floor."""

from __future__ import annotations

from linewright.demo.facts import Facts
from linewright.demo.floor import REPORT_S, Floor
from linewright.demo.hours import worked_together
from linewright.demo.memory import Memory
from linewright.demo.records import Job, JobSpec, Lot, LotShare, Machine
from linewright.demo.stores import made_by
from linewright.errors import StoreError
from linewright.plant.plan import Assignment, OperationStatus, PlantState, Progress, job_order_id
from linewright.plant.records import Plant


def open_floor(plant: Plant, state: PlantState, memory: Memory, seed: int) -> Floor:
    """The floor of a plant: as remembered, or on its first morning where nothing is.

    Raises:
        StoreError: what is remembered is of another plant.
    """
    facts = Facts(plant, state)
    if memory.fresh:
        _first_morning(facts, memory, seed)
    elif not _fits(facts, memory):
        raise StoreError(
            f"What the plant remembers does not fit the folder of {plant.id}: machines, people, orders or "
            "routings are others. Maybe the folder was changed, or is another one: give another --data."
        )
    memory.machines = {machine: memory.machines[machine] for machine in facts.machines}
    floor = Floor(facts, memory, seed)
    if memory.fresh:
        for item in state.progress:
            if item.status is OperationStatus.STARTED:
                _under_way(floor, item)
        memory.fresh = False
        floor.jobs_changed()
        floor.touch()
    return floor


def _fits(facts: Facts, memory: Memory) -> bool:
    """Whether all that is remembered is of these machines, people and orders."""
    orders = facts.orders | memory.orders
    return memory.machines.keys() == facts.machines.keys() and all(
        job.order in orders
        and facts.has_operation(orders[job.order].part, job.operation)
        and job.spec.machine in facts.machines
        and (not job.spec.operator or job.spec.operator in facts.people)
        for job in memory.jobs.values()
    )


def _first_morning(facts: Facts, memory: Memory, seed: int) -> None:
    state = facts.state

    second = facts.second

    for machine in facts.machines.values():
        down = state.machine_down_until.get(machine.id)
        memory.add(
            Machine(
                id=machine.id,
                family=state.machine_family.get(machine.id, machine.initial_family),
                down_until=second(down) if down is not None and second(down) > 0 else None,
                down_reason="breakdown" if down is not None else "",
                to_failure=facts.operating_s_to_failure(machine.id, seed, 0),
            )
        )
    progress = {item.key: item for item in state.progress}
    planned = {item.key: item for item in state.plan.assignments}
    lots = _reserved(facts)
    sequence = sorted(planned.values(), key=lambda item: (item.setup_start, item.order, item.operation))
    for place, item in enumerate(sequence):
        if item.order in facts.orders:
            memory.add(Job(spec=_spec(facts, item, place, lots.get(item.key, ())), state="released"))
    for key, done in progress.items():
        if done.order not in facts.orders:
            continue
        spec = _spec(facts, _as_assignment(done, planned.get(key)), 0)
        job = Job(spec=spec, state="released", begun=second(done.setup_start))
        if done.status is OperationStatus.DONE:
            quantity = facts.orders[done.order].quantity
            job.state = "ended"
            job.run_begun = second(done.start or done.setup_start)
            job.ended = second(done.end or done.setup_start)
            job.scrap = done.scrap or 0
            job.good = quantity - job.scrap if done.good is None else done.good
        memory.add(job)
    _stock(facts, memory)


def _stock(facts: Facts, memory: Memory) -> None:
    """What is in the stores and expected, less what begun jobs have used up."""
    for lot in facts.plant.lots:
        here = lot.available is None or facts.second(lot.available) <= 0
        memory.add(
            Lot(
                id=lot.id,
                material=lot.material,
                quantity=lot.quantity,
                available=0 if here or lot.available is None else facts.second(lot.available),
                location=lot.location,
                arrived=here,
            )
        )
    for order in facts.orders.values():
        made = made_by(order, facts, memory.jobs)
        if made is not None:
            made.arrived = made.available <= 0
            memory.add(made)
    for begun in sorted(facts.state.progress, key=lambda item: (item.setup_start, item.key)):
        if begun.order not in facts.orders:
            continue
        order = facts.orders[begun.order]
        for use in facts.operation(order.part, begun.operation).consumes:
            left = use.quantity_per_unit * order.quantity
            for shelf in sorted(memory.lots.values(), key=lambda lot: lot.id):
                if shelf.material == use.material and shelf.arrived:
                    taken = min(shelf.quantity, left)
                    shelf.quantity -= taken
                    left -= taken


def _reserved(facts: Facts) -> dict[tuple[str, str], tuple[LotShare, ...]]:
    """The lots that planning has reserved for the operations that are open."""
    from linewright.plant.build import build  # of the first morning only

    found: dict[tuple[str, str], tuple[LotShare, ...]] = {}
    for peg in build(facts.plant, facts.state).pegging:
        share = LotShare(peg.lot, peg.material, peg.quantity)
        found[peg.order, peg.operation] = (*found.get((peg.order, peg.operation), ()), share)
    return found


def _spec(facts: Facts, item: Assignment, place: int, lots: tuple[LotShare, ...] = ()) -> JobSpec:
    return JobSpec(
        id=job_order_id(item.order, item.operation),
        machine=item.machine,
        operator=item.operator,
        setup_start=facts.second(item.setup_start),
        start=facts.second(item.start),
        end=facts.second(item.end),
        plan_version=facts.state.plan.version,
        sequence=place,
        lots=lots,
    )


def _as_assignment(done: Progress, planned: Assignment | None) -> Assignment:
    """Where an operation really runs or ran; its planned times where it was planned."""
    start = done.start or done.setup_start
    return Assignment(
        order=done.order,
        operation=done.operation,
        machine=done.machine,
        operator=done.operator,
        setup_start=planned.setup_start if planned else done.setup_start,
        start=planned.start if planned else start,
        end=planned.end if planned else done.end or start,
    )


def _under_way(floor: Floor, item: Progress) -> None:
    """Put a started operation on its machine with the work that is left of it."""
    memory = floor.memory
    job = memory.jobs[job_order_id(item.order, item.operation)]
    machine = memory.machines[item.machine]
    floor.plan_work(job)
    hours = floor.hours_of(job)
    left = item.remaining_s
    if left is None:
        left = max(
            1,
            job.run_planned
            - worked_together(hours, job.begun if item.start is None else floor.facts.second(item.start), 0),
        )
    job.state, job.report_at = "running", REPORT_S
    if item.start is None and left > job.run_planned:
        job.phase, job.left = "setup", left - job.run_planned
    else:
        job.phase, job.run_begun = "run", floor.facts.second(item.start or item.setup_start)
        job.left = max(1, round(left * job.run_total / job.run_planned))
    machine.job = job.id
    floor.occupy(job)
    memory.keep(job, machine)
