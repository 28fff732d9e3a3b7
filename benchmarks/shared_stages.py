"""Ten images that share stages, on four targets, in one run.

``python -m benchmarks.shared_stages [--jobs 4]``: stages that were built against the least that
there is (one for each fingerprint), and the wall time against the critical path and against the
same built one after the other. Every step sleeps for a second and needs no core.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.tiny import Bench, bench, counts, events, table
from jetson_containers.engine.events import StageFinished
from jetson_containers.engine.journal import Run

TARGETS = ("x86-cu128", "x86-cu129", "x86-cu130", "x86-cu130+py311")
#: packages and what they depend on; of the target some read the version of CUDA
BELOW = {"lib": "", "net": "lib", "gpu": "lib", "ml": "gpu net"}
IMAGES = {
    "app0": "lib", "app1": "net", "app2": "net", "app3": "gpu", "app4": "gpu",
    "app5": "ml", "app6": "ml", "app7": "ml", "app8": "ml", "app9": "app8",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=4)
    words = parser.parse_args()
    rows = []
    for jobs in (words.jobs, 1):
        with bench() as here:
            _plant(here)
            names = [here.tree.name(short) for short in IMAGES]
            seconds, run = here.build(
                *names, "--multiple", "--jobs", str(jobs), "--target", ",".join(TARGETS)
            )
            rows.append((f"--jobs {jobs}", seconds, _critical(run), _sum(run)))
            images, chains, least = _stages(run.plans())
            built = counts(run)["StageStarted"]
            print(f"--jobs {jobs}: {seconds:.1f} s", flush=True)
    print(
        f"{images} images on {len(TARGETS)} targets: {chains} stages if each were built for itself,"
        f" {least} fingerprints, {built} built; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} "
        "cores"
    )
    table(("seconds", "wall", "critical", "all stages"), rows)


def _plant(here: Bench) -> None:
    for short, depends in {**BELOW, **IMAGES}.items():
        cuda = "ARG CUDA_VERSION\n" if short == "gpu" else ""
        folder = here.tree.add(
            short, f"{cuda}COPY file /{short}\nRUN sleep 1 && cat /{short} >> /all", depends=depends
        )
        (folder / "file").write_text(f"{short} {here.tree.prefix}\n")


def _stages(plans: Sequence[Mapping[str, Any]]) -> tuple[int, int, int]:
    """Images, stages of all chains, and different fingerprints among them."""
    images = [image for plan in plans for image in plan["images"]]
    prints = {stage["fingerprint"] for plan in plans for stage in plan["stages"]}
    return len(images), sum(len(image["stages"]) for image in images), len(prints)


def _seconds(run: Run) -> dict[str, float]:
    return {
        event.stage: event.seconds
        for event in events(run, StageFinished)
        if isinstance(event, StageFinished)
    }


def _critical(run: Run) -> float:
    """The longest chain, by what its stages took in this very run."""
    took = _seconds(run)
    return max(
        sum(took[stage] for stage in image["stages"])
        for plan in run.plans()
        for image in plan["images"]
    )


def _sum(run: Run) -> float:
    return sum(_seconds(run).values())


if __name__ == "__main__":
    main()
