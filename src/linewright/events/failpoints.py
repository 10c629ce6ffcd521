"""Named places at which a test can kill the process, to prove that recovery works.

`LINEWRIGHT_FAILPOINT=commit.before:3` sends SIGKILL to the own process the third time `commit.before` is
reached. Unset, which is always outside tests, a failpoint does nothing.
"""

from __future__ import annotations

import os
import signal

POINTS = (
    "append.events",
    "append.outbox",
    "append.offset",
    "audit.chained",
    "outbox.claimed",
    "outbox.acknowledged",
    "outbox.retried",
    "outbox.failed",
    "outbox.superseded",
    "commit.before",
    "commit.after",
    "migrate.backed_up",
    "migrate.upgraded",
)

_name, _, _count = os.environ.get("LINEWRIGHT_FAILPOINT", "").partition(":")
_left = int(_count or 1)


def reach(name: str) -> None:
    """Die here if this is the armed failpoint and its count has run out."""
    if name != _name:
        return
    global _left
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
