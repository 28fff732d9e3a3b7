"""Can Docker write its packet filter rules? On L4T that is where it fails most.

Sources: moby/moby#49557 and #49621 (Docker 28 needs the ``raw`` table, and 28.0.2 can be told to
go without); jetsonhacks/install-docker#1 and #5 (on JetPack 6.0 to 6.2 Docker 28 fails, from 6.2.1
on the kernel has the table); dusty-nv/NanoLLM#3 (JetPack 6 with iptables-nft: Docker does not
start).
"""

from __future__ import annotations

from collections.abc import Iterator

from packaging.version import Version

from jetson_containers.doctor.kernel_modules import modules
from jetson_containers.doctor.model import Check, Host, Remedy, Verdict, error, info, ok, warning
from jetson_containers.doctor.versions import version_in

IPTABLES = "iptables --version"
#: the daemon's settings, cut to the one variable that matters here
DAEMON_SETTINGS = "systemctl show docker --property=Environment"
WITHOUT_RAW = "DOCKER_INSECURE_NO_IPTABLES_RAW=1"
RAW_TABLE = "iptable_raw"
#: the first Docker with rules in the raw table, and the first that can go without
NEEDS_RAW, CAN_DO_WITHOUT = Version("28.0.0"), Version("28.0.2")
#: the first L4T 36 whose kernel has the table (JetPack 6.2.1 release notes)
HAS_RAW = Version("36.4.4")


def judge(host: Host) -> Iterator[Verdict]:
    yield from _raw_table(host)
    yield from _backend(host)


def _raw_table(host: Host) -> Iterator[Verdict]:
    said = host.facts.engine.value.server_version if host.facts.engine.value else ""
    version = version_in(said)
    if version is None or version < NEEDS_RAW:
        return
    present = modules(host)
    if present is not None and RAW_TABLE in present:
        yield ok(f"the kernel has the raw table that Docker {version} needs")
        return
    if WITHOUT_RAW in (host.output(DAEMON_SETTINGS) or ""):
        yield info(
            f"Docker {version} goes without the raw table: ports published on 127.0.0.1 can be "
            "reached from the local network"
        )
        return
    fails = "starting containers with a network of their own, and steps of builds, fails"
    if present is not None and not _is_nft(host):
        yield error(
            f"Docker {version} needs the kernel's raw table, and this kernel has no {RAW_TABLE}: "
            f"{fails}. {_ways(version)}",
            _remedy(host, version),
        )
    elif present is None and _is_old_l4t(host):
        yield warning(
            f"Docker {version} needs the kernel's raw table, which kernels of L4T 36 before "
            f"{HAS_RAW} lack (the list of modules was not found): {fails}. {_ways(version)}",
            _remedy(host, version),
        )


def _ways(version: Version) -> str:
    ways = [f"Update to L4T {HAS_RAW} (JetPack 6.2.1) where this is a Jetson on JetPack 6"]
    if version >= CAN_DO_WITHOUT:
        ways.append(
            f'or add Environment="{WITHOUT_RAW}" below [Service], which opens ports published on '
            "127.0.0.1 to the local network"
        )
    else:
        ways.append("or update Docker to 28.0.2, which can be told to go without")
    return "; ".join(ways)


def _remedy(host: Host, version: Version) -> Remedy | None:
    if version < CAN_DO_WITHOUT:
        return host.upgrade("docker-ce")
    return host.advice(
        ("systemctl", "edit", "docker"),
        ("systemctl", "restart", "docker"),
        disturbs="restarting Docker stops every container",
    )


def _is_old_l4t(host: Host) -> bool:
    l4t = host.facts.l4t.value
    return l4t is not None and l4t.major == 36 and l4t < HAS_RAW


def _is_nft(host: Host) -> bool:
    return "nf_tables" in (host.output(IPTABLES) or "")


def _backend(host: Host) -> Iterator[Verdict]:
    said = host.output(IPTABLES)
    if said is None:
        if host.facts.engine.value is None:
            yield info("iptables was not found; Docker needs it to give containers a network")
        return
    kind = "nf_tables" if _is_nft(host) else "legacy"
    if host.is_tegra and _is_nft(host) and host.facts.engine.value is None:
        yield warning(
            "iptables writes nf_tables rules, which many kernels of L4T lack: Docker does not "
            "start with them",
            host.advice(
                ("update-alternatives", "--set", "iptables", "/usr/sbin/iptables-legacy"),
                ("update-alternatives", "--set", "ip6tables", "/usr/sbin/ip6tables-legacy"),
                ("systemctl", "restart", "docker"),
                disturbs="rules that were written with nf_tables are not seen any more",
            ),
        )
    else:
        yield ok(f"iptables writes {kind} rules")


CHECK = Check("packet-filter", "iptables, and the tables that this Docker needs", judge)
