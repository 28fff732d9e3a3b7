"""What reaches a package registry does so with the uv of the development environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True, scope="module")
def uv_on_path() -> Iterator[None]:
    """The environment's own programs come first."""
    programs = str(Path(sys.executable).parent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", os.pathsep.join([programs, os.environ["PATH"]]))
        yield
