"""What an engine tells of the machine it runs on."""

from __future__ import annotations

from dataclasses import fields

import pytest

from jetson_containers.engine.ask import engine_evidence
from jetson_containers.platform.read import engine_of
from jetson_containers.platform.remote import facts_through

HOST = "ssh://pc"


@pytest.mark.parametrize(
    ("architecture", "kernel", "system"),
    [
        ("x86_64", "6.8.0-45-generic", "x86_64"),
        ("amd64", "", "x86_64"),
        ("aarch64", "4.9.337-tegra", "tegra"),
        ("aarch64", "5.10.216-tegra", "tegra"),
        ("aarch64", "5.15.148-rt-tegra", "tegra"),
        ("aarch64", "6.8.12-tegra", "sbsa"),
        ("arm64", "6.14.0-1013-nvidia-64k", "sbsa"),
        ("aarch64", "tegra", "sbsa"),
        ("riscv64", "6.8.0", None),
        ("", "", None),
    ],
)
def test_the_system_by_machine_and_kernel(
    architecture: str, kernel: str, system: str | None
) -> None:
    said = engine_evidence({"Architecture": architecture, "KernelVersion": kernel})
    facts = facts_through(engine_of(said), HOST)
    assert facts.system.value == system
    assert facts.system.source or repr(architecture) in facts.system.reason


@pytest.mark.parametrize(
    ("name", "os"),
    [
        ("Ubuntu 24.04.1 LTS", "ubuntu:24.04"),
        ("Debian GNU/Linux 12 (bookworm)", "debian:12"),
        ("Fedora Linux 43 (Server Edition)", "fedora:43"),
        ("Docker Desktop", "None"),
        ("", "None"),
    ],
)
def test_the_distribution_by_its_name(name: str, os: str) -> None:
    facts = facts_through(engine_of(engine_evidence({"OperatingSystem": name})), HOST)
    assert str(facts.os.value) == os and (facts.os.value or repr(name) in facts.os.reason)


def test_what_an_engine_does_not_tell_has_a_reason() -> None:
    facts = facts_through(engine_of(engine_evidence({})), HOST)
    for item in fields(facts):
        fact = getattr(facts, item.name)
        assert (fact.value is not None) is (item.name == "engine"), item.name
        assert fact.source or HOST in fact.reason
