"""What of an engine's answer is kept."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.engine.ask import engine_evidence, patterns_without
from jetson_containers.platform.evidence import Evidence
from jetson_containers.platform.read import engine_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab=", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
    max_leaves=6,
)
KEYS = (
    *("ServerVersion", "Architecture", "KernelVersion", "OperatingSystem", "Runtimes", "Driver"),
    *("DiscoveredDevices", "CDISpecDirs", "SecurityOptions", "DockerRootDir", "DefaultRuntime"),
)


def test_a_rootless_engine_is_known_by_its_security_options() -> None:
    for options, rootless in (
        (["name=seccomp,profile=builtin", "name=rootless", "name=cgroupns"], True),
        (["name=seccomp,profile=builtin"], False),
        (None, False),
    ):
        found = engine_of(engine_evidence({"SecurityOptions": options}))
        assert found.rootless is rootless


def test_the_machine_of_the_engine_is_kept() -> None:
    found = engine_of(
        engine_evidence(
            {
                "Architecture": "aarch64",
                "KernelVersion": "5.15.148-tegra",
                "OperatingSystem": "Ubuntu 22.04.5 LTS",
                "CDISpecDirs": ["/etc/cdi", "/var/run/cdi"],
                "Name": "a-host-name",
            }
        )
    )
    assert (found.architecture, found.kernel) == ("aarch64", "5.15.148-tegra")
    assert found.os == "Ubuntu 22.04.5 LTS"
    assert found.more["cdi_directories"] == ["/etc/cdi", "/var/run/cdi"]
    assert "a-host-name" not in str(found)


@given(st.dictionaries(st.sampled_from(KEYS), JSON))
def test_any_object_gives_evidence(info: dict[str, Any]) -> None:
    evidence = Evidence("x86_64", engine=engine_evidence(info))
    assert Evidence.from_json(evidence.to_json()) == evidence


def _matches(pattern: str, name: str) -> bool:
    """As ``path.Match`` of Go does, as far as the patterns go."""
    regex = re.sub(r"\\(.)|\[\^|[*?\]]", _in_regex, pattern)
    return re.fullmatch(regex, name) is not None


def _in_regex(part: re.Match[str]) -> str:
    if part[1]:
        return re.escape(part[1])
    return {"[^": "[^/", "]": "]", "*": "[^/]*", "?": "[^/]"}[part[0]]


NAMES = st.lists(
    st.sampled_from(("jetson-stage", "jetson-stages", "jetson", "j", "kit", "jetson_stage", "x:1"))
    | st.text("jetson-stage", min_size=1),
    min_size=1,
    max_size=5,
)


@given(NAMES)
def test_the_patterns_leave_out_what_they_are_to_and_nothing_else(parts: list[str]) -> None:
    stage = len(parts) == 2 and parts[0] == "jetson-stage"
    name = "/".join(parts)
    assert any(_matches(item, name) for item in patterns_without("jetson-stage")) is not stage
