"""What a rule answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from jetson_containers.image.facts import ImageFacts
from jetson_containers.platform.facts import HostFacts

Code = Literal[
    "wrong-arch",
    "wrong-system",
    "l4t-window",
    "cuda-major",
    "driver-too-old",
    "sm-missing",
    "ptx-too-new",
    "missing-package",
    "wrong-version",
    "stage-image",
    "builder-image",
    "unreadable-tag",
]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an image is refused: a code for programs, a sentence for people."""

    code: Code
    message: str


Rule = Callable[[ImageFacts, HostFacts], "Reason | None"]
