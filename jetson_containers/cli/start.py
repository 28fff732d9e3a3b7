"""Starting this program: sets have one order, and nothing is imported from where one stands.

Definitions run in children of this process, and Python draws the order of sets when it starts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

_SEED = "PYTHONHASHSEED"


def argv(words: Sequence[str]) -> list[str]:
    """The command that runs this program with ``words``, whatever the current directory holds."""
    root = str(Path(__file__).parents[2])
    begin = (
        "import sys; sys.path[:1] = filter(None, sys.path[:1]); "
        f"sys.path.append({root!r}); from jetson_containers.cli.main import run; run()"
    )
    alone = ["-s"] if sys.flags.no_user_site else []
    return [sys.executable, *alone, "-c", begin, *words]


def settle(words: Sequence[str]) -> None:
    """Start Python again, once, unless its order of sets is fixed; programs started later hear
    nothing of it."""
    seed = os.environ.pop(_SEED, "")
    if not sys.flags.hash_randomization or seed == "0" or not sys.executable:
        return
    environment = dict(os.environ)
    if sys.flags.ignore_environment:  # what was ignored is not heard now
        environment = {
            name: value
            for name, value in environment.items()
            if not name.startswith("PYTHON") or "_" in name
        }
    os.execve(sys.executable, argv(words), environment | {_SEED: "0"})
