"""What a Docker daemon changes in the machine's network, noted before and undone after.

A daemon makes the bridge ``docker0``, chains named ``DOCKER...`` with rules that lead to them,
sets the policy of FORWARD to DROP and switches forwarding on. It removes none of that when it
ends.
"""

from __future__ import annotations

import fcntl
import shlex
import socket
import struct
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

BRIDGE = "docker0"
_FORWARD_SWITCH = Path("/proc/sys/net/ipv4/ip_forward")
_TABLES = ("filter", "nat", "raw", "mangle")
# from <linux/sockios.h> and <linux/if.h>
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _SIOCBRDELBR, _IFF_UP = 0x8913, 0x8914, 0x89A1, 0x1


@dataclass(frozen=True, slots=True)
class HostNetwork:
    """The state before our daemon started; ``None`` where it could not be read."""

    had_bridge: bool
    forwarding: str | None
    forward_policy: str | None

    @classmethod
    def read(cls, env: Mapping[str, str]) -> HostNetwork:
        """The state now. ``env`` is one in which ``iptables`` runs."""
        policy = None
        for words in _rules("filter", env):
            if words[:2] == ["-P", "FORWARD"]:
                policy = words[2]
        try:
            forwarding: str | None = _FORWARD_SWITCH.read_text(encoding="ascii").strip()
        except OSError:
            forwarding = None
        had_bridge = any(name == BRIDGE for _, name in socket.if_nameindex())
        return cls(had_bridge, forwarding, policy)

    def restore(self, env: Mapping[str, str]) -> None:
        """Bring this state back. Does nothing if the bridge was there before us."""
        if self.had_bridge:
            return
        for table in _TABLES:
            _remove_rules(table, env)
        if self.forward_policy:
            _iptables(["-t", "filter", "-P", "FORWARD", self.forward_policy], env)
        _delete_bridge(BRIDGE)
        if self.forwarding == "0":
            try:
                _FORWARD_SWITCH.write_text("0", encoding="ascii")
            except OSError:
                return


def usable(env: Mapping[str, str]) -> bool:
    """Whether address translation can be set up with the ``iptables`` of ``env``."""
    return _iptables(["-t", "nat", "-S"], env) is not None


def _iptables(words: list[str], env: Mapping[str, str]) -> str | None:
    try:
        done = subprocess.run(
            ["iptables", "-w", "5", *words],
            env=dict(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def _rules(table: str, env: Mapping[str, str]) -> list[list[str]]:
    listed = _iptables(["-t", table, "-S"], env) or ""
    return [shlex.split(line) for line in listed.splitlines()]


def _remove_rules(table: str, env: Mapping[str, str]) -> None:
    rules = _rules(table, env)
    chains = [words[1] for words in rules if words[0] == "-N" and words[1].startswith("DOCKER")]
    for words in rules:
        ours = any(word.startswith("DOCKER") or word == BRIDGE for word in words)
        if words[0] == "-A" and ours:
            _iptables(["-t", table, "-D", *words[1:]], env)
    for chain in chains:
        _iptables(["-t", table, "-F", chain], env)
    for chain in chains:
        _iptables(["-t", table, "-X", chain], env)


def _delete_bridge(name: str) -> None:
    """Take the bridge down and delete it; quietly nothing if it is gone or may not be."""
    encoded = name.encode("ascii")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        try:
            answer = fcntl.ioctl(control, _SIOCGIFFLAGS, struct.pack("16sH14x", encoded, 0))
            flags = struct.unpack("16sH14x", answer)[1]
            down = struct.pack("16sH14x", encoded, flags & ~_IFF_UP)
            fcntl.ioctl(control, _SIOCSIFFLAGS, down)
            fcntl.ioctl(control, _SIOCBRDELBR, encoded.ljust(16, b"\0"))
        except OSError:
            return
