"""Settings: environment variables `LINEWRIGHT_…`, overridden by command-line options."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import platformdirs
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from linewright.errors import LinewrightError


class BadSetting(LinewrightError):
    """Settings that cannot be used; a line for each says which, and what could be."""


class Settings(BaseSettings):
    """What a running Linewright needs to know.

    Raises:
        BadSetting: values that cannot be read, lie out of bounds or contradict each other.
    """

    model_config = SettingsConfigDict(
        env_prefix="LINEWRIGHT_", extra="ignore", env_ignore_empty=True, populate_by_name=True
    )

    data: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("linewright")),
        validation_alias="LINEWRIGHT_DATA_DIR",
        description="Folder for the event store.",
    )
    store: str = Field("", description="Event store URL; empty: SQLite in the data folder.")
    endpoint: str = Field("", description="OPC UA endpoint of the plant; empty: no live plant.")
    opcua_certificate: Path | None = Field(None, description="Our OPC UA certificate (DER or PEM).")
    opcua_private_key: Path | None = Field(None, description="The key of our OPC UA certificate.")
    opcua_server_certificate: Path | None = Field(
        None, description="The only certificate the plant's server may show; empty: any."
    )
    opcua_insecure: bool = Field(False, description="Reach a plant on another host without encryption.")
    host: str = Field("127.0.0.1", min_length=1, description="Address the console listens on.")
    port: int = Field(8600, ge=1, le=65535, description="Port of the console.")
    threads: int = Field(2, ge=1, le=256, description="Threads for search and simulation.")
    scenarios: int = Field(50, ge=1, le=1000, description="Alternatives to generate for a disruption.")
    seconds: float = Field(
        4.0, ge=0.5, le=3600, description="Time for a generation, search, simulation and check together."
    )
    seed: int = Field(1, ge=0, le=2**32 - 1, description="Seed of search and simulation.")

    def __init__(self, **given: Any) -> None:
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise BadSetting("\n".join(map(_in_words, error.errors()))) from None

    @field_validator("endpoint")
    @classmethod
    def _opc_ua(cls, endpoint: str) -> str:
        if endpoint and not endpoint.startswith("opc.tcp://"):
            raise ValueError("write it like opc.tcp://10.0.0.5:4840")
        return endpoint

    @model_validator(mode="after")
    def _certificates_are_whole(self) -> Self:
        if bool(self.opcua_certificate) != bool(self.opcua_private_key):
            raise ValueError("LINEWRIGHT_OPCUA_CERTIFICATE and LINEWRIGHT_OPCUA_PRIVATE_KEY go together")
        if self.opcua_server_certificate and not self.opcua_certificate:
            raise ValueError("LINEWRIGHT_OPCUA_SERVER_CERTIFICATE needs LINEWRIGHT_OPCUA_CERTIFICATE of ours")
        return self


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return str(Settings.model_fields[name].validation_alias or f"LINEWRIGHT_{name.upper()}")


def _in_words(error: Any) -> str:
    if not error["loc"]:  # of several settings together
        return f"{error['ctx']['error']}."
    name = next(name for name in Settings.model_fields if error["loc"][0] in (name, variable(name)))
    what = error["msg"].removeprefix("Value error, ").replace("Input", "it").replace("String", "it")
    return f"{variable(name)} is {error['input']!r}: {what}."
