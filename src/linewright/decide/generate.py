"""From a state of the plant to tested alternatives: build → search → simulate → judge → check.

One pipeline for the live loop and for `linewright replan`. The heavy parts are arrays; the records that
people read (`model.Scenario`) are written from them one scenario at a time, when someone looks.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from linewright import __version__
from linewright.decide.checking import Checking
from linewright.decide.describe import LIKELY, Describer, Reserved
from linewright.decide.effort import Effort
from linewright.decide.model import Gate, Kpi, Scenario, Unplanned, VerdictRecord
from linewright.errors import NotFeasible, NotFound
from linewright.plant.arrays import OBJECTIVES, PlanArrays, SchedulingProblem
from linewright.plant.build import build
from linewright.plant.plan import Controls, PlantState
from linewright.plant.records import Plant
from linewright.schedule import Candidate, Portfolio, keep, push_right, search
from linewright.twin.verdict import Verdict, judge

log = logging.getLogger(__name__)

Phase = Literal["searching", "screening", "certifying", "checking", "done"]

SEARCH_SHARE = 0.45
"""Of the time asked for; the rest builds the problem, simulates, judges and checks."""

CHECK_SHARE = 0.2

DEADLINE = 0.97
"""Share of the time after which nothing more is checked: what is left puts the answer together."""


@dataclass(frozen=True)
class Alternatives:
    """Everything one generation found; the first two scenarios are `keep` and `push-right`.

    Each has passed the independent check, or passes it when it is first looked at.
    """

    plant: Plant
    state: PlantState
    problem: SchedulingProblem
    ids: tuple[str, ...]
    labels: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    verdicts: tuple[Verdict, ...]
    effort: Effort
    seconds: float
    evaluated: int
    describer: Describer
    checking: Checking
    checked: set[str]
    _cache: dict[str, Scenario] = field(default_factory=dict, repr=False)

    @property
    def unplannable(self) -> list[Unplanned]:
        return [
            Unplanned(order=item.order, operation=item.operation, why=item.why, remedy=item.remedy)
            for item in self.problem.unplannable
        ]

    @property
    def at_risk(self) -> list[str]:
        """Orders that are likely late if nothing is decided."""
        late = self.verdicts[0].p_late >= LIKELY
        return [order for order, flag in zip(self.problem.orders, late, strict=True) if flag]

    def index(self, scenario: str) -> int:
        """Position of a scenario; NotFound names what there is."""
        try:
            return self.ids.index(scenario)
        except ValueError:
            raise NotFound(
                f"scenario {scenario!r} is not in this proposal. It has {self.ids[0]} … {self.ids[-1]}."
            ) from None

    def summary(self, scenario: str) -> Scenario:
        """A scenario without its lists: what the comparison needs."""
        return self._scenario(scenario, whole=False)

    def scenario(self, scenario: str) -> Scenario:
        """A whole scenario.

        Raises:
            NotFeasible: it does not pass the independent check.
        """
        if scenario not in self.checked:
            findings = self.checking.check(scenario, self.candidates[self.index(scenario)])
            if findings:
                raise NotFeasible(f"scenario {scenario} did not pass the independent check: {findings[0]}")
            self.checked.add(scenario)
        if scenario not in self._cache:
            self._cache[scenario] = self._scenario(scenario, whole=True)
        return self._cache[scenario]

    def _scenario(self, scenario: str, *, whole: bool) -> Scenario:
        i = self.index(scenario)
        candidate, verdict, tell = self.candidates[i], self.verdicts[i], self.describer
        kept, difference = self.candidates[0], tell.difference(candidate)
        return Scenario(
            id=scenario,
            origin=candidate.origin,
            label=self.labels[i],
            objectives=dict(zip(OBJECTIVES, map(float, candidate.objectives), strict=True)),
            kpis={name: Kpi(*values) for name, values in verdict.kpis.items()},
            verdict=_verdict_record(verdict),
            difference=difference,
            reason=tell.reason(candidate, difference, kept, verdict.p_late, self.verdicts[0].p_late),
            operations=tell.operations(candidate) if whole else [],
            instructions=tell.instructions(candidate) if whole else [],
            notices=tell.notices(candidate) if whole else [],
            staging=tell.staging(candidate) if whole else [],
            changes=tell.downstream(candidate) if whole else [],
            orders=tell.effects(candidate, kept, verdict.p_late) if whole else [],
            provenance=self._provenance(candidate),
        )

    def _provenance(self, candidate: Candidate) -> dict[str, Any]:
        return {
            "engine": "linewright.schedule",
            "version": __version__,
            "origin": candidate.origin,
            "seed": self.effort.seed,
            "seconds": self.effort.seconds,
            "moves": self.effort.moves,
            "parent_plan_version": self.state.plan.version,
            "watermark": self.state.position,
        }


def generate(
    plant: Plant,
    state: PlantState,
    controls: Controls | None = None,
    *,
    effort: Effort | None = None,
    starts: Sequence[PlanArrays] = (),
    reserved: Reserved | None = None,
    on_phase: Callable[[Phase, float], None] | None = None,
    stop: threading.Event | None = None,
) -> Alternatives:
    """Generate and judge alternatives from a state.

    Args:
        reserved: the lots that the floor was told of, to see which are others now; None: nothing is compared.

    Raises:
        NotFeasible: nothing is left to plan.
        NotFound: a control names something unknown.
    """
    began = time.perf_counter()
    effort = effort or Effort()
    tell = on_phase or (lambda phase, fraction: None)
    tell("searching", 0.0)
    problem = build(plant, state, controls or Controls())
    if not problem.operations:
        why = "; ".join(f"{u.order}/{u.operation}: {u.why}" for u in problem.unplannable[:3])
        raise NotFeasible(
            f"nothing is left to plan at {state.at:%Y-%m-%d %H:%M}"
            + (f": {why}." if why else ": every known order is finished.")
        )
    plain = keep(problem), push_right(problem)
    search_s = None
    if effort.seconds is not None:
        search_s = max(0.05, effort.seconds * SEARCH_SHARE - (time.perf_counter() - began))
    found: Portfolio = search(
        problem,
        scenarios=effort.scenarios,
        seconds=search_s,
        moves=effort.moves,
        threads=effort.threads,
        seed=effort.seed,
        starts=starts,
        besides=plain,
        on_progress=lambda progress: tell(
            "searching", min(1.0, progress.elapsed_s / search_s) if search_s else 0.0
        ),
        stop=stop,
    )
    candidates = (*plain, *found.candidates)
    left = None if effort.seconds is None else effort.seconds - (time.perf_counter() - began)
    tell("screening", 0.0)
    verdicts = judge(
        problem,
        candidates,
        incumbent=0,
        seed=effort.seed,
        threads=effort.threads,
        seconds=None if left is None else left - CHECK_SHARE * (effort.seconds or 0),
        on_level=lambda level: tell("certifying" if level == "certified" else "screening", 0.5),
    )
    tell("checking", 0.0)
    describer = Describer(plant, state, problem, reserved)
    checking = Checking(plant, state, controls or Controls(), describer)
    ranked = sorted(range(2, len(candidates)), key=lambda i: verdicts[i].rank)
    sound, checked = [], []
    for i in [0, 1, *ranked]:
        if effort.seconds is not None and time.perf_counter() - began > DEADLINE * effort.seconds and i > 1:
            sound.append(i)
            continue
        findings = checking.check(candidates[i].origin, candidates[i])
        if findings:
            log.error("a plan by %s was withdrawn: %s", candidates[i].origin, findings[0])
            if i > 1:
                continue
        else:
            checked.append(i)
        sound.append(i)
    width = max(2, len(str(len(sound))))
    ids = ("keep", "push-right", *(f"s{n + 1:0{width}d}" for n in range(len(sound) - 2)))
    candidates = tuple(candidates[i] for i in sound)
    verdicts = [verdicts[i] for i in sound]
    return Alternatives(
        plant=plant,
        state=state,
        problem=problem,
        ids=ids,
        labels=_labels(candidates, verdicts),
        candidates=candidates,
        verdicts=tuple(verdicts),
        effort=effort,
        seconds=time.perf_counter() - began,
        evaluated=found.evaluated,
        describer=describer,
        checking=checking,
        checked={name for name, i in zip(ids, sound, strict=True) if i in set(checked)},
    )


def _labels(candidates: Sequence[Candidate], verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """Three named picks: among what advances, or where too little does, among all."""
    labels = [""] * len(candidates)
    labels[0], labels[1] = "keep the plan", "push everything right"

    def pick(label: str, key: Callable[[int], Any]) -> None:
        left = [i for i in range(2, len(candidates)) if not labels[i]]
        if left:
            labels[min(left, key=lambda i: (not verdicts[i].advances, key(i)))] = label

    pick("most robust", lambda i: verdicts[i].rank)
    pick("least late", lambda i: (verdicts[i].kpis["weighted_tardiness_s"][0], verdicts[i].rank))
    pick("least change", lambda i: (candidates[i].objectives[5], verdicts[i].rank))
    return tuple(labels)


def _verdict_record(verdict: Verdict) -> VerdictRecord:
    return VerdictRecord(
        advances=verdict.advances,
        level=verdict.level,
        rank=verdict.rank,
        replications=verdict.replications,
        gates=[
            Gate(
                name=gate.name,
                passed=gate.passed,
                estimate=gate.estimate,
                low=gate.low,
                high=gate.high,
                limit=gate.limit,
                n=gate.n,
                text=gate.text,
                decisive=gate.decisive,
            )
            for gate in verdict.gates
        ],
        worst_replication=verdict.worst_replication,
    )
