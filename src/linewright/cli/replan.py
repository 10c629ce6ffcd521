"""`linewright replan` and `linewright check`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from linewright.cli.arguments import BadArgument, duration, instant, job, once, pair

if TYPE_CHECKING:
    from linewright.decide.generate import Alternatives
    from linewright.plant.disruption import Disruption
    from linewright.plant.records import Order, Plant


@click.command()
@click.argument("plant_folder", metavar="PLANT", type=click.Path(path_type=Path))
@click.option("--at", help="Moment to plan from; default: the moment the folder describes.")
@click.option("--down", multiple=True, metavar="MACHINE", help="Machine that is down from that moment.")
@click.option(
    "--for", "lasting", multiple=True, metavar="DURATION", help="How long, like 8h; one per --down."
)
@click.option("--rush", multiple=True, metavar="PART,QTY,DUE[,PRIORITY]", help="A rush order.")
@click.option("--late", multiple=True, metavar="LOT=TIME", help="A lot that arrives only then.")
@click.option("--absent", multiple=True, metavar="PERSON=DURATION", help="A person who is away.")
@click.option("--pin", multiple=True, metavar="ORDER/OP=MACHINE", help="Keep an operation on a machine.")
@click.option("--forbid", multiple=True, metavar="MACHINE", help="Use this machine for nothing new.")
@click.option("--scenarios", default=50, show_default=True, type=click.IntRange(1, 1000))
@click.option("--seconds", type=click.FloatRange(0.1), help="Time for all of it (default 5).")
@click.option("--moves", type=click.IntRange(1), help="Search moves instead of a time: repeatable.")
@click.option("--threads", default=2, show_default=True, type=click.IntRange(1, 256))
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**32 - 1))
@click.option("--json", "output", type=click.Path(path_type=Path), help="Write every scenario to this file.")
def replan(
    plant_folder: Path,
    at: str | None,
    down: tuple[str, ...],
    lasting: tuple[str, ...],
    rush: tuple[str, ...],
    late: tuple[str, ...],
    absent: tuple[str, ...],
    pin: tuple[str, ...],
    forbid: tuple[str, ...],
    scenarios: int,
    seconds: float | None,
    moves: int | None,
    threads: int,
    seed: int,
    output: Path | None,
) -> None:
    """Generate tested alternatives for a plant at a moment.

    Prints the comparison; with --json every scenario is written in full and can be checked with
    `linewright check PLANT OUT`.
    """
    from linewright.decide.describe import reserved_lots
    from linewright.decide.document import to_document, write_document
    from linewright.decide.effort import Effort
    from linewright.decide.generate import generate
    from linewright.plant import disruption as disruptions
    from linewright.plant.build import build
    from linewright.plant.folder import read_history, read_plant
    from linewright.plant.history import state_at
    from linewright.plant.plan import Controls, job_order_id
    from linewright.warmup import warm

    if output is not None and not output.absolute().parent.is_dir():
        raise BadArgument(
            f"--json: the folder {output.absolute().parent} does not exist. Maybe make it first."
        )
    if output is not None and output.is_dir():
        raise BadArgument(f"--json: {output} is a folder. Maybe {output / 'out.json'}.")
    if seconds is not None and moves is not None:
        raise BadArgument("--seconds and --moves both say when to stop. Give one of them.")
    if lasting and not down:
        raise BadArgument(
            f"--for {lasting[0]} has no --down. Name the machine: --down M07 --for {lasting[0]}."
        )
    if down and len(lasting) not in (1, len(down)):
        raise BadArgument(
            f"--down is given {len(down)} times and --for {len(lasting)} times."
            " Give one duration per machine, or one for all."
        )
    lots = [pair(text, "--late", "LOT=2026-11-17T10:00") for text in late]
    pins = [
        (job(key, "--pin"), machine) for key, machine in (pair(text, "--pin", "O-1/20=M03") for text in pin)
    ]
    once(down, "--down")
    once((lot for lot, _ in lots), "--late")
    once((job_order_id(*key) for key, _ in pins), "--pin")
    described, state = read_plant(plant_folder)
    when = instant(at, described.timezone, "--at") if at else state.at
    state = state_at(described, state, read_history(plant_folder), when)
    asked: list[Disruption] = []
    for i, machine in enumerate(down):
        span = duration(lasting[i if len(lasting) > 1 else 0], "--for")
        asked.append(disruptions.MachineDown(machine, when + span))
    for number, text in enumerate(rush, 1):
        asked.append(disruptions.RushOrder(_rush_order(text, described, when, number)))
    for lot, time in lots:
        asked.append(disruptions.MaterialLate(lot, instant(time, described.timezone, "--late")))
    for text in absent:
        person, away = pair(text, "--absent", "PERSON=8h")
        asked.append(disruptions.OperatorAbsent(person, when, when + duration(away, "--absent")))
    reserved = reserved_lots(build(described, state).pegging)
    for item in asked:
        state = disruptions.apply(described, state, item)
    controls = Controls(pin_machine=dict(pins), forbid_machines=frozenset(forbid))
    if moves is None:
        for _ in warm():
            pass
    effort = Effort(
        scenarios=scenarios,
        seconds=None if moves else seconds or 5.0,
        moves=moves,
        threads=threads,
        seed=seed,
    )
    found = generate(described, state, controls, effort=effort, reserved=reserved)
    if output is not None:
        write_document(output, to_document(found, asked, controls))
    _print(found, output)


def _rush_order(text: str, plant: Plant, when: datetime, number: int) -> Order:
    from linewright.plant.records import Order

    fields = [part.strip() for part in text.split(",")]
    try:
        if len(fields) not in (3, 4):
            raise ValueError(f"it has {len(fields)} fields")
        part, quantity, due, priority = *fields[:3], float(fields[3] if len(fields) == 4 else 10)
        return Order(
            f"RUSH-{number}", part, int(quantity), instant(due, plant.timezone, "--rush"), when, priority
        )
    except ValueError as error:
        raise BadArgument(
            f"--rush: {text!r} cannot be read ({error})."
            " Write it like PART,20,2026-11-18T12:00 or PART,20,2026-11-18T12:00,5 with a priority."
        ) from None


def _print(found: Alternatives, output: Path | None) -> None:
    problem, local = found.problem, found.state.at.astimezone(ZoneInfo(found.plant.timezone))
    click.echo(
        f"{found.plant.name or found.plant.id} at {local:%Y-%m-%d %H:%M}:"
        f" {len(problem.operations)} operations of {len(problem.orders)} orders,"
        f" {len(found.ids)} scenarios from {found.evaluated:,} plans in {found.seconds:.1f} s."
    )
    for item in found.unplannable:
        click.echo(f"  cannot be planned: {item.order}/{item.operation}: {item.why}. {item.remedy}")
    click.echo(
        f"  {'scenario':<12}{'verdict':<11}{'on time':>9}{'late·prio':>11}{'setup':>8}{'OEE':>7}"
        f"{'moved':>7}{'people':>8}"
    )
    shown = [i for i, label in enumerate(found.labels) if label] + [
        i for i, label in enumerate(found.labels) if not label
    ]
    for i in shown[:15]:
        summary = found.summary(found.ids[i])
        kpis = {name: kpi.median for name, kpi in summary.kpis.items()}
        verdict = summary.verdict.level if summary.verdict.advances else "stopped"
        click.echo(
            f"  {summary.id:<12}{verdict:<11}{kpis['on_time_delivery']:>8.0%} "
            f"{kpis['weighted_tardiness_s'] / 3600:>9.0f} h{kpis['setup_s'] / 3600:>6.1f} h"
            f"{kpis['oee']:>7.0%}{summary.difference.operations_moved:>7}"
            f"{summary.difference.operations_reassigned:>8}  {summary.label}"
        )
    if len(shown) > 15:
        click.echo(
            f"  … and {len(shown) - 15} more"
            + (f" in {output}" if output else "; --json OUT writes them all")
        )


@click.command()
@click.argument("plant_folder", metavar="PLANT", type=click.Path(path_type=Path))
@click.argument("file", metavar="OUT", type=click.Path(path_type=Path))
def check(plant_folder: Path, file: Path) -> None:
    """Check the alternatives in a file independently: feasibility and every objective, from the plant's
    records alone, in plain Python that shares nothing with search or simulation."""
    from linewright.errors import PlantError
    from linewright.plant.folder import read_history, read_plant
    from linewright.plant.verify import read_document, verify

    described, state = read_plant(plant_folder)
    document = read_document(file)
    findings = verify(described, state, document, history=read_history(plant_folder))
    if findings:
        raise PlantError(findings)
    assert isinstance(document, dict)  # a document without findings is an object
    scenarios = document["scenarios"]
    operations = sum(len(scenario["operations"]) for scenario in scenarios)
    click.echo(
        f"{file}: {len(scenarios)} scenarios of {operations} operations are feasible,"
        f" and all {len(document['objectives'])} objectives of each are as stated."
    )
