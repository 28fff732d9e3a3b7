"""The build context of a stage, whole: the package's directory and what its config.py adds."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from jetson_containers.plan.model import Stage


@contextlib.contextmanager
def whole_context(stage: Stage) -> Iterator[Stage]:
    """The stage with a context that holds its generated files too.

    They are never written into the package's own directory: a copy is used, and removed.
    """
    if not stage.generated:
        yield stage
        return
    with tempfile.TemporaryDirectory(prefix="jetson-context-") as folder:
        copy = Path(folder) / "context"
        shutil.copytree(stage.context, copy, symlinks=True)
        for name, text in stage.generated:
            path = copy / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        yield replace(stage, context=str(copy))
