"""What a browser may send."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from linewright.decide.model import ControlsRecord

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Comment = Annotated[str, StringConstraints(max_length=2000)]


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Approval(Request):
    scenario: Name
    by: Name
    comment: Comment = ""


class Rejection(Request):
    by: Name
    comment: Comment = ""


class Acknowledgement(Request):
    operator: Name


class Rate(Request):
    rate: float = Field(ge=0, le=3600, description="Plant seconds per second; 0 pauses.")


class DemoDisruption(Request):
    kind: Literal["machine_down", "rush_order", "material_late", "operator_absent"]
    machine: str = ""
    hours: float | None = Field(None, gt=0, le=24 * 60)
    part: str = ""
    quantity: int | None = Field(None, gt=0, le=1_000_000)
    due: AwareDatetime | None = None
    priority: float | None = Field(None, gt=0, le=1000)
    lot: str = ""
    person: str = ""


class Declared(Request):
    disruption: dict[str, Any]


class Regeneration(Request):
    """The planner's controls; jobs as "ORDER/OPERATION"."""

    pin_machine: dict[str, str] = {}
    pin_operator: dict[str, str] = {}
    not_before: dict[str, AwareDatetime] = {}
    forbid_machines: list[str] = []
    forbid: list[tuple[str, str]] = []
    priority: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = {}
    freeze_until: AwareDatetime | None = None

    def controls(self) -> ControlsRecord:
        return ControlsRecord(**self.model_dump())
