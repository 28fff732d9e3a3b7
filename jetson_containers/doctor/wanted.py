"""What checks need of a machine beyond the evidence that facts are read from.

Each text is cut to what is judged before anything else sees it: settings of daemons hold
passwords, listings of groups hold names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jetson_containers.doctor import (
    access,
    cdi,
    clock,
    disk,
    engine,
    jetpack,
    kernel_modules,
    memory,
    model,
    packet_filter,
    power_mode,
    toolkit,
)

#: given a text, the part of it that is judged
Cut = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Files and commands, each with how its text is cut. A command is its words, without quotes."""

    files: Mapping[str, Cut]
    commands: Mapping[str, Cut]


def _whole(text: str) -> str:
    return text


def _one_line(text: str) -> str:
    return text.splitlines()[0] + "\n" if text else ""


def _names(text: str) -> str:
    """Of ``/proc/modules`` the names alone: the rest are addresses and counts."""
    return "".join(f"{line.split()[0]}\n" for line in text.splitlines() if line.strip())


def _known_modules(text: str) -> str:
    """Of a kernel's list of modules those that a check asks for."""
    asked = {name for item in kernel_modules.NEEDED for name in item.names}
    asked.add(packet_filter.RAW_TABLE)
    lines = (line.partition(":")[0] for line in text.splitlines())
    kept = (line for line in lines if kernel_modules.names_of(line) & asked)
    return "".join(f"{line}\n" for line in kept)


def _described(text: str) -> str:
    """Of a CDI specification its version, and the libraries that carry the driver's."""
    version = re.findall(r"^\s*cdiVersion:.*$", text, re.MULTILINE)[:1]
    libraries = sorted(set(re.findall(r"lib(?:cuda|nvidia-ml)\.so\.\d{3}[\d.]*", text)))
    return "".join(f"{line.strip()}\n" for line in (*version, *libraries))


def _deciding_groups(text: str) -> str:
    """Of a user's groups those that decide: the others are called after people."""
    deciding = ("root", "sudo", "wheel", "docker", "video", "render")
    return " ".join(word for word in text.split() if word in deciding) + "\n"


def _raw_setting(text: str) -> str:
    """Of a daemon's settings the one that matters: others hold passwords of proxies."""
    return f"{packet_filter.WITHOUT_RAW}\n" if packet_filter.WITHOUT_RAW in text else "\n"


def _socket(text: str) -> str:
    """Of a socket its rights, and its group where that is the usual one."""
    rights, _, owners = text.strip().partition(":")
    return f"{rights}:{owners if owners in ('root:docker', 'root:root') else 'other'}\n"


def wanted(kernel: str) -> Wanted:
    """What to read and to run on a machine with that kernel (``uname -r``)."""
    available, built_in = kernel_modules.module_lists(kernel)
    return Wanted(
        files={
            kernel_modules.LOADED: _names,
            available: _known_modules,
            built_in: _known_modules,
            memory.SWAPS: _whole,
            **dict.fromkeys(cdi.SPECIFICATIONS, _described),
        },
        commands={
            model.USER_ID: _whole,
            model.GROUPS: _deciding_groups,
            access.SUDO: _one_line,
            clock.NOW: _whole,
            clock.SYNCHRONISED: _whole,
            disk.DISKS: _whole,
            engine.DOCKER_SOCKET: _socket,
            jetpack.JETPACK_PACKAGE: _whole,
            memory.CPUS: _whole,
            packet_filter.IPTABLES: _one_line,
            packet_filter.DAEMON_SETTINGS: _raw_setting,
            power_mode.POWER_MODE: _whole,
            toolkit.TOOLKIT: _one_line,
        },
    )
