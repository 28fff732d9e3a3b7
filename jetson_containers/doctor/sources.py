"""Do two sources say different things of the same?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from jetson_containers.doctor.model import Check, Host, Verdict, ok, warning
from jetson_containers.platform.facts import Fact, Gpu


def judge(host: Host) -> Iterator[Verdict]:
    agree = True
    for item in fields(host.facts):
        fact: Fact[object] = getattr(host.facts, item.name)
        for other, source in fact.others:
            if _told(other) == _told(fact.value):
                continue
            agree = False
            yield warning(
                f"{item.name} is {_told(fact.value)} by {fact.source}, and {_told(other)} by "
                f"{source}; the first is believed"
            )
    if agree:
        yield ok("no two sources say different things of this machine")


def _told(value: object) -> str:
    """A value in words. Of GPUs their architectures: each source has its own name for one."""
    if isinstance(value, tuple) and all(isinstance(item, Gpu) for item in value):
        return ", ".join(sorted({f"sm_{item.architecture}" for item in value}))
    return str(value)


CHECK = Check("sources", "facts on which two sources disagree", judge)
