"""Golden matrix: which of 752 published tags runs on which of 14 recorded hosts, to be reviewed.

Both are copies of real ones (``tests/data/published``): a public listing, and hosts from the
ecosystem's issue tracker. After an intended change: ``python -m tests.golden.matrix`` writes the
table anew.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jetson_containers.image.facts import image_facts
from jetson_containers.image.listed import ListedImage
from jetson_containers.image.request import parse_wanted
from jetson_containers.image.selection import Candidate, judge
from jetson_containers.platform.evidence import Evidence
from jetson_containers.platform.facts import HostFacts
from jetson_containers.platform.host import derive_facts

DATA = Path(__file__).parents[1] / "data" / "published"
FILE = Path(__file__).parent / "matrix.txt"

LETTERS: Mapping[str, str] = {
    "wrong-arch": "A",
    "wrong-system": "S",
    "l4t-window": "L",
    "cuda-major": "C",
    "driver-too-old": "D",
    "sm-missing": "G",
    "ptx-too-new": "P",
    "missing-package": "M",
    "wrong-version": "V",
    "stage-image": "T",
    "builder-image": "B",
    "unreadable-tag": "U",
}


@cache
def published() -> tuple[ListedImage, ...]:
    """The listed tags, in the order of their references."""
    lines = (DATA / "tags.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    return tuple(
        ListedImage(reference, "registry", tuple(archs.split(",")), date)
        for reference, archs, date in rows
    )


@cache
def hosts() -> Mapping[str, HostFacts]:
    """The recorded hosts by name."""
    document = json.loads((DATA / "hosts.json").read_text(encoding="utf-8"))
    return {name: derive_facts(Evidence.from_dict(data)) for name, data in document.items()}


@cache
def verdicts() -> Mapping[tuple[str, str], Candidate]:
    """The verdict for every pair of reference and host, each asked for by its own name."""
    found = {}
    for listed in published():
        image = image_facts(listed)
        request = parse_wanted([image.reference.name])
        for name, host in hosts().items():
            reasons = judge(image, request, host)
            found[listed.reference, name] = Candidate(image, reasons)
    return found


def cell(candidate: Candidate) -> str:
    """One verdict in a few letters."""
    if candidate.accepted:
        return "~" if candidate.image.inferred else "+"
    return "".join(LETTERS[reason.code] for reason in candidate.reasons)


def golden() -> str:
    """The text of the golden file: legend, hosts, counts, then a line for each tag."""
    lines = ["+ runs; ~ runs, CUDA or Ubuntu of the image inferred from the L4T table"]
    lines += [f"{letter} {code}" for code, letter in LETTERS.items()]
    lines += ["", "hosts, left to right:"]
    for number, (name, host) in enumerate(hosts().items(), 1):
        tally = Counter(
            "runs" if verdicts()[listed.reference, name].accepted else "refused"
            for listed in published()
        )
        counts = f"{tally['runs']:>3} run, {tally['refused']:>3} refused"
        lines.append(f"{number:>2} {name:<40} {_shown(host):<42} {counts}")
    width = max(len(listed.reference) for listed in published())
    lines += ["", " " * width + "".join(f"{n:>4}" for n in range(1, len(hosts()) + 1))]
    for listed in published():
        cells = "".join(f"{cell(verdicts()[listed.reference, name]):>4}" for name in hosts())
        lines.append(f"{listed.reference:<{width}}{cells}")
    return "\n".join(lines) + "\n"


def _shown(host: HostFacts) -> str:
    """System, L4T or driver, GPUs."""
    l4t, cuda = host.l4t.value, host.driver_cuda.value
    system = f"L4T {l4t}" if l4t else f"driver {host.driver.value}"
    gpus = ", ".join(f"sm_{gpu.architecture}" for gpu in host.gpus.value or ())
    return f"{host.system.value}, {system}, CUDA {cuda}, {gpus}"


if __name__ == "__main__":
    FILE.write_text(golden(), encoding="utf-8")
