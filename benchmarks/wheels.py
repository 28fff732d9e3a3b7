"""What is compiled once is installed in other chains, and refused where it does not fit.

``python -m benchmarks.wheels [--store DIR]``: a CUDA kernel in a Python extension
(``tests/data/wheels/vector``), compiled in a container on Debian 12 by the compiler from NVIDIA's
wheels, for sm_87 and sm_110. Needs an engine with buildx, and the network for the first run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from packaging.version import Version

from jetson_containers.engine.builder import Builder
from jetson_containers.engine.buildkit import BuildKitEngine
from jetson_containers.engine.events import Event, StageFinished, StepStarted, Warned
from jetson_containers.engine.locate import default_cache_dir, locate
from jetson_containers.engine.options import BuildOptions
from jetson_containers.engine.state import State
from jetson_containers.errors import BuilderError
from jetson_containers.image.bootstrap import bootstrap
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.package.loader import load_catalogue
from jetson_containers.plan.model import BaseImage, Plan
from jetson_containers.plan.planner import make_plan
from jetson_containers.platform.named import named_target
from jetson_containers.platform.target import Target
from jetson_containers.resolve.resolver import resolve
from jetson_containers.wheels.fit import fit
from jetson_containers.wheels.keeper import WheelKeeper
from jetson_containers.wheels.places import Place
from jetson_containers.wheels.store import WheelDirectory
from jetson_containers.wheels.tool import dumper

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests/data/wheels"
#: where the distribution keeps the machine's own CA bundle, which steps are handed as a secret
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
#: sm_87 is Orin's, sm_110 is Thor's; both can be compiled for on any machine
BOTH = replace(
    named_target("x86-cu130"), name="debian12 sm_87 sm_110", distro="debian", release="12",
    python=Version("3.11"), gpu_architectures=(87, 110),
)  # fmt: skip
H100 = replace(BOTH, name="debian12 sm_90", gpu_architectures=(90,))
OTHERS = (
    replace(BOTH, name="debian12 sm_87", gpu_architectures=(87,)),
    replace(BOTH, name="debian12 sm_120", gpu_architectures=(120,)),
    H100,
    replace(BOTH, name="debian13 sm_87", release="13", python=Version("3.13")),
    named_target("orin-jp62"),
)


@dataclass(frozen=True)
class Outcome:
    """A build: how often the compiler was run, what was warned of, what failed.

    ``seconds`` are those of the stage of the extension, compilation included.
    """

    compiled: int
    seconds: float
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


@dataclass
class Proof:
    """A tree in ``folder`` that nobody has built before, on a real engine."""

    folder: Path
    engine: BuildKitEngine
    cache: Path
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def __post_init__(self) -> None:
        self.tree = self.folder / "packages"
        shutil.copytree(DATA, self.tree)
        with (self.tree / "vector/setup.py").open("a", encoding="utf-8") as file:
            file.write(f"# {uuid.uuid4().hex}: so nothing is found that an earlier run compiled\n")
        fixed = self.tree / "fixed"
        shutil.copytree(self.tree / "vector", fixed)
        text = (fixed / "Dockerfile").read_text(encoding="utf-8")
        text = text.replace("name: vector", "name: fixed").replace("ARG GPUS", "ENV GPUS=87;110")
        (fixed / "Dockerfile").write_text(text, encoding="utf-8")
        (fixed / "config.py").write_text('package["build_args"] = {}\n')
        made = bootstrap(BOTH, self.engine.client, self.cache, lambda line: None, env=self.environ)
        self.base = BaseImage(made.reference, made.digest, "bootstrap")
        self.mine: set[str] = set()

    def plan(self, target: Target, words: Sequence[str], order: Sequence[str] = ()) -> Plan:
        """The plan of an image; the packages of ``order`` come last, in that order."""
        folders = [ROOT / "packages", self.tree]
        catalogue = load_catalogue(target, folders, own_root=folders[0])
        found = resolve(catalogue, [parse_requirement(word) for word in words])
        chosen = sorted(
            found.chosen,
            key=lambda item: order.index(item.package.name) if item.package.name in order else -1,
        )
        plan = make_plan([replace(found, chosen=tuple(chosen))], self.base)
        own = {"vector", "beside", "fixed"}
        self.mine |= {stage.reference for stage in plan.stages if stage.package in own}
        self.mine |= {image.reference for image in plan.images}
        return plan

    def build(self, plan: Plan, store: Path, *places: Place) -> Outcome:
        """Build a plan with a store, and tests."""
        seen: list[Event] = []
        keeper = WheelKeeper(
            WheelDirectory(store), dumper(self.cache, self.environ), places=places
        )
        options = BuildOptions(secrets={"ca-bundle": CA_BUNDLE} if CA_BUNDLE.is_file() else {})
        state = State(self.folder / "state")
        record = Builder([plan], self.engine, state, options, seen.append, artifacts=keeper).run()
        return Outcome(
            sum(isinstance(event, StepStarted) and "pip wheel" in event.step for event in seen),
            sum(
                event.seconds
                for event in seen
                if isinstance(event, StageFinished) and event.stage.startswith("vector")
            ),
            tuple(event.message for event in seen if isinstance(event, Warned)),
            tuple(str(error) for error in record.errors),
        )

    def prepare(self) -> None:
        """Build what the extension stands on."""
        self.build(self.plan(BOTH, ["nvcc"]), self.folder / "unused")

    def clean(self) -> None:
        """Remove the images that no other run can use."""
        for reference in self.mine:
            if self.engine.inspect(reference) is not None:
                self.engine.remove(reference)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, help="keep the store there")
    words = parser.parse_args()
    address = locate(os.environ)
    if address is None or not address.docker:
        print("no engine with a client answers; `jetson-containers engine up` starts one")
        return 3
    engine = BuildKitEngine(
        address.host, Path(address.docker), {**os.environ, **address.environ()}, address.tls_dir
    )
    with tempfile.TemporaryDirectory(prefix="jetson-wheels-") as folder:
        proof = Proof(Path(folder), engine, default_cache_dir(os.environ))
        proof.prepare()
        try:
            _table(proof, words.store or Path(folder) / "store")
        finally:
            proof.clean()
    return 0


def _table(proof: Proof, store: Path) -> None:
    plan = proof.plan(BOTH, ["vector", "beside"], ["vector", "beside"])
    other = proof.plan(BOTH, ["vector", "beside"], ["beside", "vector"])
    key = next(stage.artifact for stage in plan.stages if stage.package == "vector")
    print(f"{'chain on Debian 12, for sm_87 and sm_110':<52}{'compiled':>9}{'stage, s':>9}")
    for title, wanted in ((_chain(plan), plan), (_chain(other), other)):
        outcome = proof.build(wanted, store)
        print(f"{title:<52}{outcome.compiled:>9}{outcome.seconds:>9.1f}")
    kept = WheelDirectory(store).find(str(key))
    if kept is None:
        raise BuilderError("nothing was kept")
    for file in kept.entry.files:
        held = ", ".join(map(str, file.code)) if file.code is not None else "not known"
        print(f"\n{file.name}, {file.size} bytes: {held}\n")
    for target in (BOTH, *OTHERS):
        refusals = fit(kept.entry, target).refusals
        print(f"{target.name:<24}{'; '.join(refusals) or 'fits'}")
    refused = proof.build(proof.plan(H100, ["fixed"]), store)
    print(f"\ncompiled for sm_87 and sm_110 in a chain for {H100.name}:")
    print("\n".join(refused.errors))


def _chain(plan: Plan) -> str:
    return " ".join(stage.package for stage in plan.stages)


if __name__ == "__main__":
    raise SystemExit(main())
