"""The pins of an image resolve together, for its architecture, with nothing downloaded.

What comes from another index than the default one is left out: that index is not asked here.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jetson_containers.package.model import Requirement
from jetson_containers.platform.named import named_target
from jetson_containers.resolve.resolver import resolve
from tests.own_tree import PACKAGES, catalogue

pytestmark = pytest.mark.network

CONSTRAINTS = PACKAGES / "python/pip_index/constraints.txt"

#: target, SGLang
CASES = [
    ("x86-cu130", "0.5.23"),
    ("x86-cu130", "0.5.22"),
    ("x86-cu130", "0.5.21"),
    ("x86-cu130", "0.5.15"),
    ("x86-cu129", "0.5.15"),
    ("x86-cu128", "0.5.10.post1"),
    ("x86-cu128", "0.5.9"),
    ("sbsa-cu130", "0.5.23"),
    ("sbsa-cu130", "0.5.22"),
    ("sbsa-cu130", "0.5.21"),
    ("sbsa-cu130", "0.5.15"),
    ("sbsa-cu129", "0.5.15"),
    ("sbsa-cu128", "0.5.10.post1"),
    ("thor-jp71", "0.5.23"),
    ("thor-jp72", "0.5.21"),
    ("orin-jp72", "0.5.21"),
    ("orin-jp62", "0.5.15"),
]


Compiled = dict[tuple[str, str], Future[subprocess.CompletedProcess[str]]]


@dataclass
class Pins:
    """What the stages of an image ask the default index for, and what they leave out."""

    default: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    instead: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)

    def read(self, text: str) -> None:
        words = shlex.split(text)
        place = self.default
        while words:
            word = words.pop(0)
            if word == "--instead":
                self.instead.append(words.pop(0))
            elif word == "--without":
                self.without.append(words.pop(0))
            elif word == "--index":
                words.pop(0)
                place = self.elsewhere
            elif word == "--":
                place = self.default
            elif word != "--build":
                place.append(word)


def name_of(pin: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", pin)
    assert match
    return match[0]


def pins_of(target_name: str, version: str) -> Pins:
    """What the stages of SGLang's image ask the indexes for."""
    chosen = resolve(catalogue(target_name), [Requirement("sglang", exact=version)]).chosen
    pins = Pins()
    for item in chosen:
        arguments = dict(item.package.build_args)
        pins.read(arguments.get("WHEELS", "") or arguments.get("INSTALLER", ""))
        if item.package.dockerfile == "Dockerfile.source":
            pins.elsewhere.append("sglang-kernel")
    return pins


def compile_pins(target_name: str, pins: Pins, folder: Path) -> subprocess.CompletedProcess[str]:
    """Everything that ``pins`` bring with them, from the default index alone."""
    target = named_target(target_name)
    absent = [name_of(pin) for pin in pins.elsewhere] + pins.without
    wanted = folder / "wanted.txt"
    wanted.write_text("\n".join(pins.default))
    swaps = folder / "swaps.txt"
    kept = [pin for pin in pins.instead if name_of(pin) not in absent]
    swaps.write_text(
        "\n".join([*kept, *(f"{name}; sys_platform == 'never'" for name in dict.fromkeys(absent))])
    )
    glibc = {"22.04": "2_35", "24.04": "2_39"}[target.release]
    return subprocess.run(
        [
            *("uv", "pip", "compile", str(wanted), "--quiet", "--no-header", "--no-annotate"),
            *("--constraint", str(CONSTRAINTS), "--override", str(swaps)),
            *("--python-platform", f"{target.arch}-manylinux_{glibc}"),
            *("--python-version", str(target.python), "--only-binary", ":all:"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def compiled(
    uv_on_path: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Compiled]:
    """Each case's answer, to be waited for: they mostly wait for the index, so all ask at once."""
    with ThreadPoolExecutor(len(CASES)) as pool:
        yield {
            case: pool.submit(
                compile_pins, case[0], pins_of(*case), tmp_path_factory.mktemp("pins")
            )
            for case in CASES
        }


@pytest.mark.parametrize(("target_name", "version"), CASES)
def test_the_pins_of_an_image_resolve(
    target_name: str, version: str, compiled: Compiled
) -> None:
    result = compiled[target_name, version].result()
    assert result.returncode == 0, result.stderr
    found = dict(line.split("==") for line in result.stdout.splitlines() if "==" in line)
    assert found["sglang"] == version
    for pin in pins_of(target_name, version).default:
        name, _, expected = pin.partition("==")
        assert found[re.sub(r"\[.*\]", "", name).replace("_", "-")].split(" ")[0] == expected
