"""Do two sources say different things of the same?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from jetson_containers.doctor.model import Check, Host, Verdict, ok, warning
from jetson_containers.platform.facts import Fact


def judge(host: Host) -> Iterator[Verdict]:
    agree = True
    for item in fields(host.facts):
        fact: Fact[object] = getattr(host.facts, item.name)
        for other, source in fact.others:
            agree = False
            yield warning(
                f"{item.name} is {fact.value} by {fact.source}, and {other} by {source}; the "
                "first is believed"
            )
    if agree:
        yield ok("no two sources say different things of this machine")


CHECK = Check("sources", "facts on which two sources disagree", judge)
