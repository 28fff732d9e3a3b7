"""What a build leaves behind beside images: its journal, and where its logs are."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from jetson_containers.cli.context import Context, warn
from jetson_containers.engine.budget import Machine
from jetson_containers.engine.journal import Header, Journal, new_run, utc
from jetson_containers.errors import Location, UsageError
from jetson_containers.plan.model import Plan


def begin_journal(
    context: Context,
    plans: Sequence[Plan],
    begun: datetime,
    log_dir: Path,
    machine: Machine,
    jobs: int,
    argv: Sequence[str],
) -> Journal | None:
    """The journal of this run; a run whose journal cannot be written goes on without."""
    from jetson_containers.cli.version import version

    try:
        directory = new_run(context.cache / "runs", begun)
        header = Header(
            run=directory.name,
            begun=utc(begun),
            program=version(),
            argv=("build", *argv),
            cores=machine.cores,
            memory=machine.memory,
            logs=str(log_dir / directory.name),
            directory=str(Path.cwd()),
            jobs=jobs,
            pid=os.getpid(),
        )
        return Journal.begin(directory, header, plans, time.monotonic)
    except OSError as error:
        warn(
            f"{context.cache}/runs: no record of this run can be kept: {error.strerror}\n"
            "  hint: give yourself the cache directory (`chown -R`), or set XDG_CACHE_HOME"
        )
        return None


def unrecorded(begun: datetime) -> Path:
    """The name of the logs of a run without a journal."""
    return Path(f"{begun.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}")


def log_dir_of(context: Context) -> Path:
    """Where the logs of all runs are; the one that ``--log-dir`` names is made."""
    if context.args.log_dir:
        wanted = Path(context.args.log_dir).expanduser().absolute()
        try:
            wanted.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"--log-dir cannot be used: {error.strerror}",
                where=Location(str(wanted)),
                hint="name a directory that you may write to",
            ) from None
        return wanted
    own = context.root / "logs"
    return own if os.access(context.root, os.W_OK) else context.cache / "logs"
