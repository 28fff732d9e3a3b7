"""Which engines take CDI devices that they do not list."""

from __future__ import annotations

from typing import Any

import pytest

from jetson_containers.platform.cdi import reads_unlisted
from jetson_containers.platform.facts import Engine

BOTH = ["/etc/cdi", "/var/run/cdi"]


@pytest.mark.parametrize(
    ("version", "directories", "present", "expected"),
    [
        ("27.5.1", BOTH, ["/etc/cdi/nvidia.yaml"], True),
        ("25.0.0", BOTH, ["/var/run/cdi/nvidia.yaml"], True),
        ("28.1.1", ["/etc/cdi/"], ["/etc/cdi/nvidia.json"], True),
        # it has CDI switched off, finds nothing, or something else
        ("27.5.1", [], ["/etc/cdi/nvidia.yaml"], False),
        ("27.5.1", None, ["/etc/cdi/nvidia.yaml"], False),
        ("27.5.1", BOTH, [], False),
        ("27.5.1", ["/opt/cdi"], ["/etc/cdi/nvidia.yaml"], False),
        # it has no CDI, lists what it finds, or does not say what it is
        ("24.0.9", BOTH, ["/etc/cdi/nvidia.yaml"], False),
        ("28.2.0", BOTH, ["/etc/cdi/nvidia.yaml"], False),
        ("", BOTH, ["/etc/cdi/nvidia.yaml"], False),
    ],
)
def test_between_two_versions_with_a_specification_where_it_looks(
    version: str, directories: Any, present: list[str], expected: bool
) -> None:
    engine = Engine(version, "runc", ("runc",), (), {"cdi_directories": directories})
    assert reads_unlisted(engine, present) == expected
