"""The mock's state: a plant that goes on, alternatives made up when something breaks, plans carried out."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from mock_plant import EPOCH, NOW, MockPlant, Op

from linewright.decide import model

HORIZON = 12.0  # real seconds the carried-out plan takes to be "done" in the mock's outcome


def minute(moment: datetime) -> float:
    return (moment - EPOCH).total_seconds() / 60


def instant(text: str) -> float:
    return minute(datetime.fromisoformat(text))


class World:
    """The mock's whole state; every mutation is announced to the listeners of the event stream."""

    def __init__(
        self, *, orders: int = 90, scenarios: int = 52, rate: float = 30.0, pace: float = 1.0
    ) -> None:
        self.plant = MockPlant(orders_wanted=orders)
        self.scenario_count, self.rate, self.pace = scenarios, rate, pace
        self.now_minute, self.tick_at = minute(NOW), time.monotonic()
        rng = random.Random(3)
        plan = self.plant.schedule(
            {},
            {},
            rng,
            noise=0.42,
            tardiness=0.05,
            loyal=0.0,
            hold=False,
            stay=0,
            pin={},
            forbidden=set(),
            from_minute=0,
        )
        for key, op in plan.items():
            self.plant.ops[key] = op
        self.plan_version, self.plan = 1, plan
        self.state: dict[str, str] = {}
        self.down: dict[str, float] = {}
        self.absent: dict[str, float] = {}
        self.listeners: list[asyncio.Queue[str]] = []
        self.disruptions: list[dict[str, Any]] = []
        self.proposals: dict[str, model.Proposal] = {}
        self.plans: dict[tuple[str, str], dict[str, Op]] = {}
        self.dispatches: list[dict[str, Any]] = []
        self.outcomes: list[dict[str, Any]] = []
        self.notices: list[dict[str, Any]] = []
        self.staging: list[dict[str, Any]] = []
        self.log: list[dict[str, Any]] = []
        self.connected = True
        self.while_reading: Callable[[], None] | None = None  # between the board's reading and its answer
        self.ids = itertools.count(1)
        self.tasks: set[asyncio.Task[None]] = set()
        self.recount(announce=False)

    # -- telling -------------------------------------------------------------------------------

    def emit(self, event: str, data: dict[str, Any]) -> None:
        text = f"event: {event}\ndata: {json.dumps(data)}\n\n"
        for queue in self.listeners:
            queue.put_nowait(text)

    def record(self, kind: str, subject: str, text: str) -> None:
        self.log.append(
            {
                "position": len(self.log) + 1,
                "time": self.at(self.now_minute),
                "type": kind,
                "subject": subject,
                "text": text,
            }
        )

    def at(self, minutes: float) -> str:
        return self.plant.at(minutes)

    def spawn(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    # -- the plant -----------------------------------------------------------------------------

    def advance(self) -> None:
        now = time.monotonic()
        self.now_minute += (now - self.tick_at) * self.rate / 60
        self.tick_at = now

    def recount(self, *, announce: bool) -> None:
        now = self.now_minute
        for key, op in self.plan.items():
            state = (
                "done"
                if op.end <= now
                else "started"
                if op.setup_start <= now and op.machine not in self.down
                else "dispatched"
                if op.setup_start <= now + 480
                else "planned"
            )
            if self.state.get(key) in ("started", "done") and state in ("dispatched", "planned"):
                continue
            if self.state.get(key) == state:
                continue
            self.state[key] = state
            if announce:
                self.emit("operation", self.operation(op))
                if state in ("started", "done"):
                    verb = "started" if state == "started" else "completed"
                    self.record(f"job_order.{verb}", op.key, f"{op.key} {verb} on {op.machine}")
                self.emit("machine", {"id": op.machine, **self.machine(op.machine)})

    def operation(self, op: Op) -> dict[str, Any]:
        return {
            "order": op.order,
            "operation": op.operation,
            "machine": op.machine,
            "operator": op.operator,
            "setup_start": self.at(op.setup_start),
            "start": self.at(op.start),
            "end": self.at(op.end),
            "state": self.state.get(op.key, "planned"),
            "late": self.late(op),
        }

    def late(self, op: Op) -> bool:
        if not hasattr(self, "_done") or self._done_of is not self.plan:
            self._done, self._done_of = self.plant.completions(self.plan), self.plan
        return bool(self._done[op.order] > self.plant.orders[op.order]["due_min"])

    def machine(self, machine: str) -> dict[str, Any]:
        running = next(
            (o for o in self.plan.values() if o.machine == machine and self.state[o.key] == "started"), None
        )
        number = int(machine[1:])
        down = machine in self.down
        state = "down" if down else "idle"
        if running and not down:
            state = "setup" if self.now_minute < running.start else "running"
        if not running and not down and number % 11 == 7:
            state = "maintenance"
        return {
            "state": state,
            "since": self.at(self.now_minute - 30 - number),
            "expected_end": self.at(self.down[machine])
            if down
            else (self.at(running.end) if running else None),
            "job": running.key if running and not down else "",
            "operator": running.operator if running and not down else "",
            "family": running.family if running else "F1",
            "good": 120 + number * 7,
            "scrap": number % 4,
        }

    # -- disruption and alternatives -------------------------------------------------------------

    def disrupt(self, kind: str, subject: str, title: str, until: float | None) -> None:
        number = next(self.ids)
        risk = sorted({o.order for o in self.plan.values() if o.machine == subject})[:9]
        self.disruptions.append(
            {
                "id": f"D{number}",
                "kind": kind,
                "title": title,
                "subject": subject,
                "at": self.at(self.now_minute),
                "expected_end": self.at(until) if until else None,
                "orders_at_risk": risk,
                "proposal": "",
                "status": "open",
            }
        )
        self.record("disruption.detected", subject, title)
        self.emit(
            "disruption", {"id": f"D{number}", "kind": kind, "title": title, "at": self.at(self.now_minute)}
        )
        self.spawn(self.generate(f"D{number}", title, model.ControlsRecord(), ""))

    async def generate(self, disruption: str, title: str, controls: model.ControlsRecord, parent: str) -> str:
        proposal = f"P{next(self.ids)}"
        begun = time.monotonic()
        for item in self.disruptions:
            if item["id"] == disruption:
                item["proposal"] = proposal
        empty = self.make_proposal(proposal, disruption, title, controls, parent, [], 0.0, "generating")
        self.proposals[proposal] = empty
        for phase, fraction in (
            ("searching", 0.3),
            ("searching", 0.6),
            ("screening", 0.8),
            ("certifying", 0.95),
        ):
            self.emit(
                "proposal",
                {
                    "id": proposal,
                    "status": "generating",
                    "phase": phase,
                    "scenarios": int(self.scenario_count * fraction),
                    "fraction": fraction,
                },
            )
            await asyncio.sleep(0.35 * self.pace)
        scenarios = await asyncio.to_thread(self.scenarios, proposal, controls)
        seconds = round(time.monotonic() - begun, 2)
        self.proposals[proposal] = self.make_proposal(
            proposal, disruption, title, controls, parent, scenarios, seconds, "open"
        )
        if parent:
            old = self.proposals[parent]
            self.proposals[parent] = msgspec.structs.replace(old, status="superseded")
        self.record("schedule.proposed", proposal, f"{len(scenarios)} alternatives for {title}")
        self.emit(
            "proposal",
            {"id": proposal, "status": "open", "phase": "done", "scenarios": len(scenarios), "fraction": 1.0},
        )
        return proposal

    def make_proposal(
        self,
        proposal: str,
        disruption: str,
        title: str,
        controls: model.ControlsRecord,
        parent: str,
        scenarios: list[model.Scenario],
        seconds: float,
        status: Any,
    ) -> model.Proposal:
        now = datetime.fromisoformat(self.at(self.now_minute))
        return model.Proposal(
            id=proposal,
            disruption=disruption,
            title=title,
            created=now,
            at=now,
            watermark=len(self.log),
            plan_version=self.plan_version,
            seconds_to_scenarios=seconds,
            status=status,
            stale="",
            controls=controls,
            objectives=["weighted_tardiness_s", "makespan_s", "setup_s", "moved_operations"],
            unplannable=[],
            scenarios=scenarios,
            parent=parent,
        )

    def scenarios(self, proposal: str, controls: model.ControlsRecord) -> list[model.Scenario]:
        begun = {k: o for k, o in self.plan.items() if self.state[k] in ("done", "started")}
        records: list[model.Scenario] = []
        keep = self.shifted(begun, pushing=False)
        kept = self.plant.completions(keep)
        for index in range(self.scenario_count):
            rng = random.Random(f"{proposal}/{index}")
            if index == 0:
                name, origin, plan = "keep", "the plan in force, as it is", keep
            elif index == 1:
                name, origin, plan = (
                    "push-right",
                    "everything later, nothing else changed",
                    self.shifted(begun),
                )
            else:
                name = f"s{index - 1:02d}"
                origin = ["local search", "rule: due date", "rule: shortest setup", "repair"][index % 4]
                plan = self.plant.schedule(
                    begun,
                    self.down,
                    rng,
                    noise=0.02 + 0.25 * (index % 7) / 7,
                    tardiness=(index % 5) / 8,
                    loyal=1.0 if index % 2 else 0.97 - 0.1 * (index % 6) * rng.random(),
                    hold=index % 4 == 1 or (index % 2 == 1 and rng.random() < 0.6),
                    stay=(index % 6) * 40,
                    pin=dict(controls.pin_machine),
                    forbidden=set(controls.forbid_machines),
                    from_minute=self.now_minute,
                )
            self.plans[proposal, name] = plan
            records.append(self.scenario(name, origin, plan, begun, kept, rng, index))
        ranked = sorted(
            records, key=lambda s: (not s.verdict.advances, s.kpis["weighted_tardiness_s"].median)
        )
        movers = [s for s in ranked if s.id not in ("keep", "push-right")]
        label = {"keep": "keep the plan", "push-right": "push everything right", movers[0].id: "least late"}
        movers = [s for s in movers[1:] if s.verdict.advances] or movers[1:]
        label[min(movers, key=lambda s: s.difference.operations_moved).id] = "least change"
        robust = [s for s in movers if s.id not in label]
        label[
            min(
                robust, key=lambda s: s.kpis["weighted_tardiness_s"].p95 - s.kpis["weighted_tardiness_s"].p05
            ).id
        ] = "most robust"
        rank = {s.id: place + 1 for place, s in enumerate(ranked)}
        return [
            msgspec.structs.replace(
                s, label=label.get(s.id, ""), verdict=msgspec.structs.replace(s.verdict, rank=rank[s.id])
            )
            for s in records
        ]

    def shifted(self, begun: dict[str, Op], pushing: bool = True) -> dict[str, Op]:
        """Keep machine and sequence; start as early as the machine and the predecessors allow."""
        plan = dict(begun)
        free: dict[str, float] = {}
        for op in begun.values():
            free[op.machine] = max(free.get(op.machine, 0.0), op.end)
        free |= {m: max(free.get(m, 0.0), until) for m, until in self.down.items()}
        extra = 25.0 if pushing else 0.0
        for op in sorted(self.plan.values(), key=lambda o: o.setup_start):
            if op.key in plan:
                continue
            before = max([0.0] + [plan[f"{op.order}/{a}"].end for a in op.after if f"{op.order}/{a}" in plan])
            begin = self.plant._open(
                op.machine,
                max(op.setup_start + extra, before, free.get(op.machine, 0.0), self.now_minute),
            )
            run = self.plant._work(
                op.machine, begin, op.start - op.setup_start if op.start > op.setup_start else 0
            )
            end = self.plant._work(op.machine, run, op.minutes)
            free[op.machine] = end
            plan[op.key] = Op(
                op.order, op.operation, op.after, op.machines, op.family, op.minutes,
                op.machine, op.operator, begin, run, end,
            )  # fmt: skip
        return plan

    def scenario(
        self,
        name: str,
        origin: str,
        plan: dict[str, Op],
        begun: dict[str, Op],
        kept: dict[str, float],
        rng: random.Random,
        index: int,
    ) -> model.Scenario:
        orders, when = self.plant.orders, self.plant.completions(plan)
        late = {o: max(0.0, when[o] - orders[o]["due_min"]) for o in when}
        tardy = sum(minutes * orders[o]["priority"] for o, minutes in late.items()) * 60
        count = sum(1 for minutes in late.values() if minutes > 0)
        todo = [o for k, o in plan.items() if k not in begun]
        moved = [
            o
            for o in todo
            if abs(o.setup_start - self.plan[o.key].setup_start) > 1 or o.machine != self.plan[o.key].machine
        ]
        switched = [o for o in moved if o.machine != self.plan[o.key].machine]
        people = [o for o in moved if o.operator != self.plan[o.key].operator]
        setups = [o for o in todo if o.start > o.setup_start]

        def kpi(value: float, spread: float, *, least: float = 0.0, most: float = 1e12) -> model.Kpi:
            half = abs(value) * spread * rng.uniform(0.5, 1.5)
            return model.Kpi(value, max(least, value - half * 0.7), min(most, value + half))

        on_time = 1 - count / len(orders)
        kpis = {
            "on_time_delivery": model.Kpi(
                on_time, max(0, on_time - rng.uniform(0.02, 0.06)), min(1, on_time + rng.uniform(0.01, 0.03))
            ),
            "weighted_tardiness_s": kpi(tardy, 0.18),
            "late_orders": kpi(count, 0.2),
            "oee": kpi(0.61 + rng.uniform(-0.03, 0.03), 0.04, most=1.0),
            "availability": kpi(0.86 + rng.uniform(-0.02, 0.02), 0.03, most=1.0),
            "effectiveness": kpi(0.73 + rng.uniform(-0.02, 0.02), 0.03, most=1.0),
            "quality_ratio": kpi(0.971, 0.005, most=1.0),
            "throughput_orders": kpi(len(orders) * 0.5 + rng.uniform(-3, 3), 0.08),
            "mean_wip": kpi(31 + rng.uniform(-4, 5), 0.08),
            "changeovers": kpi(len(setups), 0.02),
            "setup_s": kpi(sum(o.start - o.setup_start for o in setups) * 60, 0.03),
            "makespan_s": kpi((max(o.end for o in plan.values()) - self.now_minute) * 60, 0.05),
        }
        passes = rng.random() > 0.3 or index in (2, 3, 4)
        gates = [
            model.Gate(
                name="on_time_delivery", passed=passes, estimate=on_time, low=kpis["on_time_delivery"].p05,
                high=kpis["on_time_delivery"].p95, limit=0.8, n=20,
                text=f"{on_time:.0%} of orders on time, not surely above the 80 % asked for"
                if not passes else f"{on_time:.0%} of orders on time, above the 80 % asked for",
            ),
            model.Gate(
                name="not_worse_than_keep", passed=True, estimate=0.93, low=0.88, high=0.97, limit=0.8, n=20,
                text="better than keeping the plan in 93 of 100 simulated futures",
            ),
            model.Gate(
                name="tail", passed=index % 9 != 5, estimate=1.1, low=0.9, high=1.4, limit=1.3, n=20,
                text="the worst tenth of futures is no worse than pushing everything right"
                if index % 9 != 5 else "in the worst tenth of futures it ends later than pushing all right",
            ),
            model.Gate(
                name="bottleneck", passed=index != 2, estimate=0.14, low=0.11, high=0.17, limit=0.1, n=20,
                text="M24 is the bottleneck 15% of the time, 1% with the plan kept", decisive=False,
            ),
        ]  # fmt: skip
        iso = {
            o.key: (
                datetime.fromisoformat(self.at(o.setup_start)),
                datetime.fromisoformat(self.at(o.start)),
                datetime.fromisoformat(self.at(o.end)),
            )
            for o in plan.values()
        }

        def change(o: Op) -> Any:
            if o.machine != self.plan[o.key].machine:
                return "moved"
            return "later" if o.setup_start > self.plan[o.key].setup_start else "earlier"

        shown = sorted(moved, key=lambda o: o.setup_start)
        centers = {m["id"]: m["work_center"] for m in self.plant.machines}
        downstream = []
        for center in dict.fromkeys(centers.values()):
            here = [o for o in moved if centers[o.machine] == center]
            if not here:
                continue
            after = min(o.start for o in here)
            before = min(self.plan[o.key].start for o in here)
            downstream.append(
                model.Downstream(
                    work_center=center,
                    operations=len(here),
                    first_start_before=datetime.fromisoformat(self.at(before)),
                    first_start_after=datetime.fromisoformat(self.at(after)),
                    mean_shift_s=60 * sum(o.start - self.plan[o.key].start for o in here) / len(here),
                    releases=[
                        model.Release(
                            order=o.order,
                            before=datetime.fromisoformat(self.at(self.plan[o.key].setup_start)),
                            after=iso[o.key][0],
                        )
                        for o in here[:6]
                    ],
                    units_per_h_before=round(rng.uniform(20, 40), 1),
                    units_per_h_after=round(rng.uniform(18, 40), 1),
                )
            )
        who: dict[str, list[Op]] = {}
        for o in shown[:60]:
            who.setdefault(o.operator, []).append(o)
        names = {p["id"]: p["name"] for p in self.plant.people}
        broken = next(iter(self.down), "M07")
        saved = sum(kept.values()) - sum(when.values())
        return model.Scenario(
            id=name,
            origin=origin,
            label="",
            objectives={
                "weighted_tardiness_s": tardy,
                "makespan_s": kpis["makespan_s"].median,
                "setup_s": kpis["setup_s"].median,
                "moved_operations": len(moved),
            },
            kpis=kpis,
            verdict=model.VerdictRecord(
                advances=all(g.passed for g in gates if g.decisive),
                level="certified" if index in (0, 1, 2, 3, 4, 6, 8) else "screened",
                rank=0,
                replications=200 if index in (0, 1, 2, 3, 4, 6, 8) else 20,
                gates=gates,
                worst_replication=rng.randrange(200),
            ),
            difference=model.Difference(
                operations_moved=len(moved),
                operations_reassigned=0,
                operations_shifted=0,
                operations_new=0,
                machine_changes=len(switched),
                operator_changes=len(people),
                minutes_moved=round(sum(abs(o.start - self.plan[o.key].start) for o in moved)),
                jobs=[o.key for o in shown],
            ),
            reason={
                "keep": f"Keeps every job where it is; the queue of {broken} waits for the repair.",
                "push-right": "Keeps every machine and sequence and starts everything later.",
            }.get(
                name,
                f"Moves {len(switched)} of the jobs waiting for {broken} to other machines and brings "
                f"{rng.randrange(2, 6)} urgent orders forward; saves {max(0.0, saved) / 60:.0f} h of wait.",
            ),
            operations=[
                model.ScenarioOperation(
                    order=o.order, operation=o.operation, machine=o.machine, operator=o.operator,
                    setup_start=iso[o.key][0], start=iso[o.key][1], end=iso[o.key][2],
                    state="started" if o.key in begun else "free",
                )
                for o in plan.values() if self.state[o.key] != "done"
            ],
            instructions=[
                model.Instruction(
                    job_order=o.key, machine=o.machine, operator=o.operator, change=change(o),
                    text=f"Mount family {o.family}. Run {orders[o.order]['quantity']} pcs of "
                    f"{orders[o.order]['part']} on {o.machine}; check the first piece on the gauge.",
                )
                for o in shown
            ],
            notices=[
                model.Notice(
                    operator=person,
                    text=f"{names[person]}: your next jobs changed. "
                    + "; ".join(f"{o.key} on {o.machine}" for o in jobs[:3]) + ".",
                )
                for person, jobs in who.items()
            ],
            staging=[
                model.StagingMove(
                    job_order=o.key, material="Bar 42CrMo4", lot=f"L-{200 + n}",
                    quantity=orders[o.order]["quantity"],
                    from_location="Store A", to_machine=o.machine, needed_by=iso[o.key][0], change=change(o),
                )
                for n, o in enumerate(shown[:18])
            ],
            changes=downstream,
            orders=[
                model.OrderEffect(
                    order=o, due=datetime.fromisoformat(orders[o]["due"]), priority=orders[o]["priority"],
                    completion=datetime.fromisoformat(self.at(when[o])),
                    completion_keep=datetime.fromisoformat(self.at(kept[o])),
                    p_late=min(1.0, max(0.0, 0.5 + late[o] / 900)) if late[o] else rng.uniform(0, 0.2),
                )
                for o in orders
            ],
            provenance={"engine": "mock", "seed": index},
        )  # fmt: skip

    # -- carrying out ----------------------------------------------------------------------------

    async def carry_out(self, proposal: str, chosen: model.Scenario, by: str) -> None:
        record = self.dispatches[-1]
        for number, job in enumerate(record["jobs"]):
            job["state"] = "written"
            record["written"] += 1
            if number % 6 == 5:
                self.tell_dispatch(record)
                await asyncio.sleep(0.06 * self.pace)
        for number, job in enumerate(record["jobs"]):
            job["state"] = "acknowledged"
            record["acknowledged"] += 1
            if number % 6 == 5:
                self.tell_dispatch(record)
                await asyncio.sleep(0.06 * self.pace)
        self.tell_dispatch(record)
        for notice in chosen.notices:
            entry = {
                "operator": notice.operator,
                "text": notice.text,
                "at": self.at(self.now_minute),
                "acknowledged": False,
            }
            self.notices.append(entry)
            self.emit("notice", entry)
        for move in chosen.staging:
            entry = {**msgspec.to_builtins(move), "status": "requested"}
            self.staging.append(entry)
            self.emit("staging", entry)
        for step in range(1, 13):
            await asyncio.sleep(HORIZON / 12 * self.pace)
            outcome = self.outcomes[-1]
            outcome["operations_done"] = int(outcome["operations_total"] * step / 12)
            outcome["actual"] = {
                name: kpi["median"] * (1 + 0.04 * ((step * 7 + len(name)) % 5 - 2) / 2)
                for name, kpi in outcome["predicted"].items()
            }
            outcome["actual"]["quality_ratio"] = min(1.0, outcome["actual"]["quality_ratio"])
            outcome["final"] = step == 12
            if step <= len(self.staging):
                self.staging[step - 1]["status"] = "confirmed"
                self.emit("staging", self.staging[step - 1])
            self.emit("outcome", outcome)

    def tell_dispatch(self, record: dict[str, Any]) -> None:
        keys = ("plan_version", "written", "acknowledged", "failed", "total")
        self.emit("dispatch", {key: record[key] for key in keys})
