"""Machines in one line: evidence, and the host that checks judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jetson_containers.doctor.model import Check, Host, Verdict
from jetson_containers.platform.evidence import Evidence
from tests.golden.doctor import host_of

ORIN = "5.15.148-tegra"
L4T = "# R36 (release), REVISION: {}, GCID: 1, BOARD: generic, EABI: aarch64, DATE: {}\n"
WHEN = "Wed Jan  8 01:49:37 UTC 2025"
UBUNTU = 'ID=ubuntu\nVERSION_ID="22.04"\n'
SMI = "nvidia-smi --query-gpu=driver_version,name,compute_cap --format=csv,noheader"
ENGINE: Mapping[str, Any] = {
    "server_version": "27.5.1",
    "runtimes": ["nvidia", "runc"],
    "default_runtime": "nvidia",
    "cdi_devices": [],
}


def orin(
    revision: str = "4.3",
    *,
    files: Mapping[str, str] | None = None,
    commands: Mapping[str, str] | None = None,
    engine: Mapping[str, Any] | None = None,
) -> Host:
    """A Jetson Orin with JetPack 6, and an engine unless ``engine`` is empty."""
    return host_of(
        Evidence(
            "aarch64",
            ORIN,
            {
                "/etc/nv_tegra_release": L4T.format(revision, WHEN),
                "/etc/os-release": UBUNTU,
                "/proc/device-tree/model": "NVIDIA Jetson AGX Orin Developer Kit\0",
                **(files or {}),
            },
            commands or {},
            ENGINE if engine is None else {**ENGINE, **engine} if engine else {},
        )
    )


def server(
    *,
    files: Mapping[str, str] | None = None,
    commands: Mapping[str, str] | None = None,
    engine: Mapping[str, Any] | None = None,
    gpu: bool = True,
) -> Host:
    """An x86 machine with an RTX 4090 and driver 570.124.06."""
    rows = {SMI: "570.124.06, NVIDIA GeForce RTX 4090, 8.9\n"} if gpu else {}
    return host_of(
        Evidence(
            "x86_64",
            "6.8.0-45-generic",
            {"/etc/os-release": UBUNTU, **(files or {})},
            {**rows, **(commands or {})},
            ENGINE if engine is None else {**ENGINE, **engine} if engine else {},
        )
    )


def said(check: Check, host: Host) -> list[Verdict]:
    """The verdicts of one check."""
    return list(check.judge(host))


def severities(check: Check, host: Host) -> list[str]:
    """How badly each thing is that a check says."""
    return [verdict.severity for verdict in check.judge(host)]


def remedy(check: Check, host: Host) -> str:
    """The first remedy that a check names, as a line to paste."""
    return next(str(item.remedy) for item in check.judge(host) if item.remedy)
