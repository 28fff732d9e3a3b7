"""The pins of an image resolve together, for its architecture, with nothing downloaded.

What comes from another index than the default one is left out: that index is not asked here.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import pytest

from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.loader import load_catalogue
from jetson_containers.package.model import Requirement
from jetson_containers.platform.named import named_target
from jetson_containers.resolve.resolver import resolve

pytestmark = pytest.mark.network

PACKAGES = Path(__file__).parents[2] / "packages"
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


@lru_cache(maxsize=16)
def catalogue(name: str) -> Catalogue:
    return load_catalogue(named_target(name), [PACKAGES], own_root=PACKAGES)


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


@pytest.mark.parametrize(("target_name", "version"), CASES)
def test_the_pins_of_an_image_resolve(target_name: str, version: str, tmp_path: Path) -> None:
    target = named_target(target_name)
    chosen = resolve(catalogue(target_name), [Requirement("sglang", exact=version)]).chosen
    pins = Pins()
    for item in chosen:
        arguments = dict(item.package.build_args)
        pins.read(arguments.get("WHEELS", "") or arguments.get("INSTALLER", ""))
        if item.package.dockerfile == "Dockerfile.source":
            pins.elsewhere.append("sglang-kernel")
    absent = [name_of(pin) for pin in pins.elsewhere] + pins.without
    wanted = tmp_path / "wanted.txt"
    wanted.write_text("\n".join(pins.default))
    swaps = tmp_path / "swaps.txt"
    kept = [pin for pin in pins.instead if name_of(pin) not in absent]
    swaps.write_text(
        "\n".join([*kept, *(f"{name}; sys_platform == 'never'" for name in dict.fromkeys(absent))])
    )
    glibc = {"22.04": "2_35", "24.04": "2_39"}[target.release]
    result = subprocess.run(
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
    assert result.returncode == 0, result.stderr
    found = dict(line.split("==") for line in result.stdout.splitlines() if "==" in line)
    assert found["sglang"] == version
    for pin in pins.default:
        name, _, expected = pin.partition("==")
        assert found[re.sub(r"\[.*\]", "", name).replace("_", "-")].split(" ")[0] == expected
