"""Job orders: what is accepted, what is fenced off, and that nothing is done twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec.structs import replace as changed

from linewright.demo.jobs import JobDesk
from linewright.demo.records import Answer
from linewright.events.vocabulary import JobOrderDispatched
from linewright.plant.generate import SMALL

CALM = replace(
    SMALL,
    people=8,
    skills=4,
    cv=0.0,
    mtbf_h=0.0,
    mttr_h=0.0,
    scrap_rate=0.0,
    rework_rate=0.0,
    calendars="continuous",
    materials=0,
)


@pytest.fixture
def desk(floor_of):
    return JobDesk(floor_of(CALM))


@pytest.fixture
def floor(desk):
    return desk._floor


@pytest.fixture
def waiting(floor):
    """A job that has not begun."""
    return max(floor.memory.jobs.values(), key=lambda job: job.place)


@pytest.fixture
def running(floor):
    while True:
        for job in floor.memory.jobs.values():
            if job.state == "running":
                return job
        floor.advance(floor.next_event())


def later(spec, version, minutes=10):
    shift = 60 * minutes
    return changed(
        spec,
        plan_version=version,
        setup_start=spec.setup_start + shift,
        start=spec.start + shift,
        end=spec.end + shift,
    )


def dispatched(floor):
    bodies = (entry.body for entry in floor.memory.commit())
    return [(b.job_order, b.plan_version) for b in bodies if isinstance(b, JobOrderDispatched)]


def test_an_update_changes_the_job_and_is_told_once(desk, floor, waiting):
    floor.memory.commit()
    spec = later(waiting.spec, 2)
    assert desk.update(spec) == Answer.DONE
    assert desk.update(spec) == Answer.DONE
    assert waiting.spec == spec
    assert dispatched(floor) == [(waiting.id, 2)]


def test_an_older_plan_changes_nothing(desk, floor, waiting):
    desk.update(later(waiting.spec, 5))
    held = waiting.spec
    floor.memory.commit()
    assert desk.update(later(held, 4)) == Answer.STALE_PLAN_VERSION
    assert desk.cancel(waiting.id, 4) == Answer.STALE_PLAN_VERSION
    assert desk.store(later(held, 4), start=True) == Answer.STALE_PLAN_VERSION
    assert waiting.spec == held
    assert not floor.memory.unsaved


def test_a_plan_version_has_one_content(desk, waiting):
    desk.update(later(waiting.spec, 2))
    assert desk.update(later(waiting.spec, 2, minutes=20)) == Answer.VERSION_CONFLICT


def test_a_job_that_has_begun_is_a_fact(desk, floor, running):
    floor.memory.commit()
    assert desk.update(later(running.spec, 9)) == Answer.INVALID_STATUS
    assert desk.cancel(running.id, 9) == Answer.INVALID_STATUS
    assert desk.update(running.spec) == Answer.DONE  # the same again: it took effect before it began
    assert not floor.memory.unsaved


def test_cancelled_is_cancelled_and_stays_fenced(desk, waiting):
    spec = waiting.spec
    assert desk.cancel(waiting.id, 3) == Answer.DONE
    assert desk.cancel(waiting.id, 3) == Answer.DONE
    assert desk.update(later(spec, 4)) == Answer.UNKNOWN_JOB_ORDER
    assert desk.store(changed(spec, plan_version=3), start=True) == Answer.STALE_PLAN_VERSION
    assert desk.store(changed(spec, plan_version=4), start=True) == Answer.DONE


def test_a_stored_job_waits_for_start(desk, floor, waiting):
    spec = changed(waiting.spec, plan_version=4)
    desk.cancel(waiting.id, 3)
    assert desk.store(spec, start=False) == Answer.DONE
    assert desk.store(spec, start=False) == Answer.DONE
    desk.settle()
    floor.advance(60 * 86400)
    assert floor.memory.jobs[spec.id].state == "stored"
    assert desk.start(spec.id) == Answer.DONE
    assert desk.start(spec.id) == Answer.DONE
    desk.settle()
    floor.advance(120 * 86400)
    assert floor.memory.jobs[spec.id].state == "ended"
    assert desk.start(spec.id) == Answer.DONE
    assert desk.store(spec, start=True) == Answer.DONE  # the same again


def test_storing_what_is_held_differently_is_not_accepted(desk, waiting):
    assert desk.store(later(waiting.spec, 2), start=True) == Answer.NOT_ACCEPTED


def test_what_cannot_be_done_is_not_accepted(desk, waiting, floor):
    spec = later(waiting.spec, 2)
    other = next(m for m in floor.facts.machines if m != spec.machine and _cannot(floor, waiting, m))
    assert desk.update(changed(spec, machine="M99")) == Answer.UNKNOWN_EQUIPMENT
    assert desk.update(changed(spec, machine=other)) == Answer.UNKNOWN_EQUIPMENT
    assert desk.update(changed(spec, operator="nobody")) == Answer.UNKNOWN_PERSONNEL
    assert desk.update(changed(spec, id="NO/10")) == Answer.UNKNOWN_JOB_ORDER
    assert desk.store(changed(spec, id="NO/10"), start=True) == Answer.INVALID_REQUEST
    assert desk.start("NO/10") == desk.cancel("NO/10", 9) == desk.abort("NO/10") == Answer.UNKNOWN_JOB_ORDER


def _cannot(floor, job, machine):
    operation = floor._operation(job)
    return machine not in {alternative.machine for alternative in operation.alternatives}


def test_an_operator_without_the_skill_is_not_accepted(desk, floor):
    job = next(j for j in floor.memory.jobs.values() if j.state == "released" and j.spec.operator)
    skill = floor.facts.alternative(floor.part(job), job.operation, job.spec.machine).skill
    unable = next(p.id for p in floor.facts.people.values() if skill not in p.skills)
    assert desk.update(changed(later(job.spec, 2), operator=unable)) == Answer.UNKNOWN_PERSONNEL
    assert desk.update(changed(later(job.spec, 2), operator="")) == Answer.UNKNOWN_PERSONNEL


def test_the_floor_follows_the_new_plan(desk, floor):
    """Two jobs on one machine change places, and run in the new order."""
    queues: dict[str, list] = {}
    for job in sorted(floor.memory.jobs.values(), key=lambda job: job.place):
        if not floor._operation(job).after and not floor._operation(job).consumes:
            queues.setdefault(job.spec.machine, []).append(job)
    first, second = next(queue for queue in queues.values() if len(queue) > 1)[-2:]
    ahead, behind = first.spec, second.spec
    for job, place in ((first, behind), (second, ahead)):
        spec = changed(job.spec, plan_version=2, setup_start=place.setup_start, sequence=place.sequence)
        assert desk.update(spec) == Answer.DONE
    desk.settle()
    floor.advance(120 * 86400)
    assert second.ended <= first.begun


def test_aborting_twice_is_once(desk, floor, running):
    assert desk.abort(running.id, "tool broken") == Answer.DONE
    assert desk.abort(running.id, "tool broken") == Answer.DONE
    desk.settle()
    assert floor.memory.machines[running.spec.machine].job != running.id
    assert running.note == "tool broken"
