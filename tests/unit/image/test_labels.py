"""Labels read back: what is believed, and what falls back to the tag."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jetson_containers.image import labels as names
from jetson_containers.image.facts import image_facts
from jetson_containers.image.labels import LabelError, read_labels
from jetson_containers.image.listed import ListedImage
from jetson_containers.platform.named import named_target
from tests.unit.image.images import labels

TRUE = labels("orin-jp62", "python:3.10", "app:1.0")


def with_target(**changed: Any) -> dict[str, str]:
    document = named_target("orin-jp62").to_dict() | changed
    return {**TRUE, names.TARGET: json.dumps(document)}


#: labels that lie, and which of them is told
LIES: dict[str, tuple[dict[str, str], str]] = {
    "no JSON": ({**TRUE, names.TARGET: "{"}, "target is not JSON"),
    "no object": ({**TRUE, names.TARGET: "[1]"}, "target is no JSON object"),
    "nested": ({**TRUE, names.PACKAGES: "[" * 100_000}, "packages is not JSON"),
    "huge": ({**TRUE, names.PACKAGES: "x" * (names.LONGEST + 1)}, "packages has 1048577"),
    "empty target": ({**TRUE, names.TARGET: "{}"}, "target cannot be believed"),
    "system": (with_target(system="amiga"), "target cannot be believed"),
    "arch": (with_target(arch="m68k"), "target cannot be believed"),
    "CUDA": (with_target(cuda="new"), "target cannot be believed"),
    "CUDA is a number": (with_target(cuda=12.6), "target cannot be believed"),
    "architectures": (with_target(gpu_architectures="87"), "target cannot be believed"),
    "infinite": (with_target(gpu_architectures=[float("inf")]), "target cannot be believed"),
    "many": (with_target(gpu_architectures=[87] * 1000), "target cannot be believed"),
    "packages": ({**TRUE, names.PACKAGES: '"app"'}, "packages cannot be believed"),
    "numbers": ({**TRUE, names.PACKAGES: "[1]"}, "packages cannot be believed"),
    "driver": ({**TRUE, names.DRIVER: "new"}, "driver cannot be believed"),
    "no stage": ({k: v for k, v in TRUE.items() if k != names.STAGE}, "stage is missing"),
    "no target": ({k: v for k, v in TRUE.items() if k != names.TARGET}, "target is missing"),
}


def test_labels_of_ours() -> None:
    read = read_labels(TRUE)
    assert read is not None
    assert (read.target, read.packages, read.stage) == (
        named_target("orin-jp62"),
        ("python:3.10", "app:1.0"),
        "app:1.0",
    )
    assert [str(code) for code in read.gpu_code] == ["sm_87"]


@pytest.mark.parametrize("told", [{}, {"maintainer": "x", names.FINGERPRINT: "0"}])
def test_labels_of_others_claim_nothing(told: dict[str, str]) -> None:
    assert read_labels(told) is None


@pytest.mark.parametrize("lie", LIES)
def test_labels_that_lie_are_refused_and_the_tag_is_read(lie: str) -> None:
    told, says = LIES[lie]
    with pytest.raises(LabelError, match=says) as caught:
        read_labels(told)
    assert len(str(caught.value)) < 250
    image = image_facts(ListedImage("app:2.0-r36.4.0", "local", labels=told))
    assert says in image.label_problem
    assert (image.verified_by, image.l4t, image.packages) == ("tag", (36, 4, 0), (("app", "2.0"),))
