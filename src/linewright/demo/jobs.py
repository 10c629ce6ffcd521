"""Job orders as the shop floor takes them: stored, started, updated, cancelled, aborted.

The rules are those of OPC 10031-4, and three of ours. *Fencing*: a job order holds the version of the plan
it came with, and nothing older changes it. *Once*: the same call again is a success without effect.
*Facts*: a job that has begun is not updated.
"""

from __future__ import annotations

import msgspec

from linewright.demo.floor import Floor
from linewright.demo.records import Answer, Job, JobSpec, JobState
from linewright.events.vocabulary import JobOrderDispatched
from linewright.plant.plan import split_job_order


class JobDesk:
    """Where job orders are handed in. Call `Floor.touch` after a batch of changes."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._memory = floor.memory
        self.changed = False  # since the last `settle`

    def settle(self) -> None:
        """Let the floor act on what was handed in."""
        if self.changed:
            self.changed = False
            self._floor.jobs_changed()
            self._floor.touch()

    def store(self, spec: JobSpec, *, start: bool) -> Answer:
        """Take a new job order; with `start` it may begin when its turn comes."""
        held = self._memory.jobs.get(spec.id)
        state: JobState = "released" if start else "stored"
        if held is not None and held.state == "cancelled":
            if spec.plan_version <= held.spec.plan_version:
                return Answer.STALE_PLAN_VERSION
        elif held is not None:
            if held.spec == spec and (held.state == state or (start and held.state in ("running", "ended"))):
                return Answer.DONE
            if spec.plan_version < held.spec.plan_version:
                return Answer.STALE_PLAN_VERSION
            return Answer.NOT_ACCEPTED
        if (fault := self._fault(spec)) is not None:
            return fault
        self._memory.add(Job(spec=spec, state=state))
        self._dispatched(spec)
        return Answer.DONE

    def start(self, job_id: str) -> Answer:
        """Let a stored job order begin when its turn comes."""
        job = self._memory.jobs.get(job_id)
        if job is None or job.state == "cancelled":
            return Answer.UNKNOWN_JOB_ORDER
        if job.state == "stored":
            job.state = "released"
            self._memory.keep(job)
            self.changed = True
        return Answer.INVALID_STATUS if job.state == "aborted" else Answer.DONE

    def update(self, spec: JobSpec) -> Answer:
        """Give a job order that has not begun another place, machine or operator."""
        job = self._memory.jobs.get(spec.id)
        if job is None:
            return Answer.UNKNOWN_JOB_ORDER
        if spec.plan_version < job.spec.plan_version:
            return Answer.STALE_PLAN_VERSION
        if job.state == "cancelled":
            return Answer.UNKNOWN_JOB_ORDER
        if job.spec == spec:
            return Answer.DONE
        if job.state not in ("stored", "released"):
            return Answer.INVALID_STATUS
        if spec.plan_version == job.spec.plan_version:
            return Answer.VERSION_CONFLICT
        if (fault := self._fault(spec)) is not None:
            return fault
        job.spec = spec
        self._memory.keep(job)
        self._dispatched(spec)
        return Answer.DONE

    def cancel(self, job_id: str, plan_version: int, note: str = "") -> Answer:
        """Take back a job order that has not begun. Its id stays fenced by the version."""
        job = self._memory.jobs.get(job_id)
        if job is None:
            return Answer.UNKNOWN_JOB_ORDER
        if plan_version < job.spec.plan_version:
            return Answer.STALE_PLAN_VERSION
        if job.state == "cancelled":
            return Answer.DONE
        if job.state not in ("stored", "released"):
            return Answer.INVALID_STATUS
        job.state, job.note = "cancelled", note
        job.spec = msgspec.structs.replace(job.spec, plan_version=plan_version)
        self._memory.keep(job)
        self.changed = True
        return Answer.DONE

    def abort(self, job_id: str, reason: str = "") -> Answer:
        """Stop a job order for good, begun or not."""
        job = self._memory.jobs.get(job_id)
        if job is None or job.state == "cancelled":
            return Answer.UNKNOWN_JOB_ORDER
        if job.state == "aborted":
            return Answer.DONE
        if job.state == "ended":
            return Answer.INVALID_STATUS
        self._floor.abort(job, reason)
        self.changed = True
        return Answer.DONE

    def _dispatched(self, spec: JobSpec) -> None:
        self.changed = True
        instant = self._floor.instant
        self._memory.say(
            instant(self._floor.now),
            JobOrderDispatched(
                job_order=spec.id,
                machine=spec.machine,
                operator=spec.operator,
                setup_start=instant(spec.setup_start),
                start=instant(spec.start),
                end=instant(spec.end),
                plan_version=spec.plan_version,
            ),
        )

    def _fault(self, spec: JobSpec) -> Answer | None:
        """Why a job order cannot be carried out here, if it cannot."""
        facts = self._floor.facts
        order, operation = split_job_order(spec.id)
        part = self._floor.part_of(order)
        if part is None or not facts.has_operation(part, operation):
            return Answer.INVALID_REQUEST
        if spec.machine not in facts.machines:
            return Answer.UNKNOWN_EQUIPMENT
        try:
            skill = facts.alternative(part, operation, spec.machine).skill
        except KeyError:
            return Answer.UNKNOWN_EQUIPMENT
        person = facts.people.get(spec.operator)
        if (spec.operator and person is None) or (skill and (person is None or skill not in person.skills)):
            return Answer.UNKNOWN_PERSONNEL
        return None
