"""What a planner asks of a generation, as records of the plant and as it goes over the wire."""

from __future__ import annotations

from linewright.decide.model import ControlsRecord
from linewright.plant.plan import Controls, job_order_id, split_job_order


def to_controls(record: ControlsRecord) -> Controls:
    """Controls from their form on the wire, which names job orders."""
    return Controls(
        pin_machine={split_job_order(job): machine for job, machine in record.pin_machine.items()},
        pin_operator={split_job_order(job): person for job, person in record.pin_operator.items()},
        not_before={split_job_order(job): at for job, at in record.not_before.items()},
        forbid_machines=frozenset(record.forbid_machines),
        forbid=frozenset((*split_job_order(job), machine) for job, machine in record.forbid),
        priority=dict(record.priority),
        freeze_until=record.freeze_until,
    )


def to_record(controls: Controls) -> ControlsRecord:
    """Controls in their form on the wire."""
    return ControlsRecord(
        pin_machine={job_order_id(*key): machine for key, machine in controls.pin_machine.items()},
        pin_operator={job_order_id(*key): person for key, person in controls.pin_operator.items()},
        not_before={job_order_id(*key): at for key, at in controls.not_before.items()},
        forbid_machines=sorted(controls.forbid_machines),
        forbid=[(job_order_id(order, operation), m) for order, operation, m in sorted(controls.forbid)],
        priority=dict(controls.priority),
        freeze_until=controls.freeze_until,
    )
