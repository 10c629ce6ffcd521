"""Settings: environment variables `LINEWRIGHT_…`, overridden by command-line options."""

from __future__ import annotations

from pathlib import Path

import platformdirs
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What a running Linewright needs to know."""

    model_config = SettingsConfigDict(env_prefix="LINEWRIGHT_", extra="ignore")

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
    host: str = Field("127.0.0.1", description="Address the console listens on.")
    port: int = Field(8600, description="Port of the console.")
    threads: int = Field(2, description="Threads for search and simulation.")
    scenarios: int = Field(50, description="Alternatives to generate for a disruption.")
    seconds: float = Field(4.0, description="Time for a generation, search and simulation together.")
    seed: int = Field(1, description="Seed of search and simulation.")
