"""The independent check of every scenario, before a planner sees it or can approve it."""

from __future__ import annotations

from linewright.decide.controls import to_record
from linewright.decide.describe import Describer
from linewright.errors import Finding
from linewright.plant.arrays import OBJECTIVES
from linewright.plant.plan import Controls, PlantState
from linewright.plant.records import Plant
from linewright.plant.verify_document import Block, ControlsClaim, Document, ScenarioClaim
from linewright.plant.verify_facts import Facts
from linewright.plant.verify_scenario import ScenarioCheck
from linewright.schedule import Candidate


class Checking:
    """`plant.verify` on scenarios that are still in memory; the facts are derived once."""

    def __init__(self, plant: Plant, state: PlantState, controls: Controls, tell: Describer) -> None:
        left_out = tuple(((u.order, u.operation), u.why) for u in tell.problem.unplannable)
        document = Document(
            plant=plant.id,
            at=state.at,
            disruption=(),
            controls=_claim(controls),
            objectives=OBJECTIVES,
            unplannable=left_out,
            scenarios=(),
        )
        self._tell = tell
        self._facts = Facts(plant, state, document)
        self._excused = frozenset(key for key, _ in left_out)

    def check(self, scenario: str, candidate: Candidate) -> list[Finding]:
        """What is wrong with a scenario; empty when it holds."""
        blocks = tuple(
            Block(
                row.order,
                row.operation,
                row.machine,
                row.operator,
                row.setup_start.timestamp(),
                row.start.timestamp(),
                row.end.timestamp(),
                row.state,
            )
            for row in self._tell.operations(candidate)
        )
        stated = dict(zip(OBJECTIVES, map(float, candidate.objectives), strict=True))
        claim = ScenarioClaim(scenario, stated, blocks, ())
        return ScenarioCheck(self._facts, claim, self._excused).findings


def _claim(controls: Controls) -> ControlsClaim:
    record = to_record(controls)
    return ControlsClaim(
        pin_machine=record.pin_machine,
        pin_operator=record.pin_operator,
        not_before={job: at.timestamp() for job, at in record.not_before.items()},
        forbid_machines=frozenset(record.forbid_machines),
        forbid=frozenset(record.forbid),
        priority=record.priority,
        freeze_until=record.freeze_until.timestamp() if record.freeze_until else None,
    )
