"""This project's own packages: nothing is wrong with them on any known target."""

from __future__ import annotations

import pytest

from jetson_containers.check.reader import Reader
from jetson_containers.check.target import check_target
from jetson_containers.platform.named import named_targets
from jetson_containers.platform.target import Target
from tests.own_tree import PACKAGES, catalogue

READER = Reader()


@pytest.mark.parametrize("target", named_targets(), ids=lambda target: target.name)
def test_nothing_is_wrong_with_the_packages(target: Target) -> None:
    report = check_target(catalogue(target.name), READER, own_root=PACKAGES, notes=True)
    assert report.checked > 0
    assert report.findings == ()
