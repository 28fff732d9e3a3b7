"""Does the kernel have what Docker needs of it?

Judged by the lists of the kernel's own modules, so that a kernel of one's own is judged rightly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jetson_containers.doctor.model import Check, Host, Verdict, error, info, ok, warning

LOADED = "/proc/modules"


@dataclass(frozen=True, slots=True)
class Needed:
    """A kernel module, by any of its names, and what does not work without it."""

    names: tuple[str, ...]
    without: str
    vital: bool = True


#: moby/moby, contrib/check-config.sh: "Generally Necessary" and the storage drivers
NEEDED = (
    Needed(("overlay",), "images cannot be stored in layers"),
    Needed(("veth",), "containers have no network of their own"),
    Needed(("bridge",), "containers have no network of their own"),
    Needed(("xt_conntrack", "nf_conntrack"), "Docker cannot write its packet filter rules"),
    Needed(("xt_MASQUERADE", "ipt_MASQUERADE", "nft_masq"), "containers reach nothing outside"),
    Needed(("br_netfilter",), "containers on one bridge cannot be kept apart", vital=False),
)


def module_lists(kernel: str) -> tuple[str, str]:
    """The files that list the modules of a kernel: loadable ones, and those built in (kmod)."""
    return f"/lib/modules/{kernel}/modules.dep", f"/lib/modules/{kernel}/modules.builtin"


def modules(host: Host) -> frozenset[str] | None:
    """Names of all modules that this kernel has, or ``None`` where no list of them was found."""
    lists = [host.evidence.files.get(path) for path in module_lists(host.evidence.kernel)]
    if lists[0] is None:
        return None
    names = {name for text in lists if text for name in names_of(text)}
    return frozenset(names | loaded(host))


def names_of(listing: str) -> frozenset[str]:
    """The modules that a ``modules.dep`` or ``modules.builtin`` lists, with ``_`` for ``-``."""
    found = re.findall(r"^\S*?([\w-]+)\.ko\b", listing, re.MULTILINE)
    return frozenset(name.replace("-", "_") for name in found)


def loaded(host: Host) -> frozenset[str]:
    """The modules that are loaded now."""
    text = host.evidence.files.get(LOADED, "")
    return frozenset(line.split()[0] for line in text.splitlines() if line.strip())


def judge(host: Host) -> Iterator[Verdict]:
    present = modules(host)
    if present is None:
        yield info("the kernel's list of modules was not found, so it was not looked at")
        return
    missing = [item for item in NEEDED if not present & set(item.names)]
    answers = host.facts.engine.value is not None
    for item in missing:
        said = f"the kernel has no module {' or '.join(item.names)}: {item.without}"
        if item.vital and not answers:
            yield error(said)
        else:
            yield warning(said)
    if missing:
        return
    if "br_netfilter" not in loaded(host) and loaded(host):
        yield info(
            "br_netfilter is not loaded; Docker loads it when it is needed",
            host.remedy(("modprobe", "br_netfilter")),
        )
    else:
        yield ok("the kernel has the modules that Docker needs")


CHECK = Check("kernel-modules", "the kernel modules that Docker needs", judge)
