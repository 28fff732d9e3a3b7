"""Small package trees on busybox, and the command line run on them as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docker import DockerClient

ROOT = Path(__file__).resolve().parent.parent.parent
BASE = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"


@dataclass
class Tree:
    """A package tree in a directory; names get a prefix that no other test uses."""

    folder: Path
    prefix: str
    base: str
    environ: Mapping[str, str] = field(default_factory=dict)

    def name(self, short: str) -> str:
        """The real name of a package."""
        return f"{self.prefix}-{short}"

    def add(
        self, short: str, steps: str, *, depends: str = "", test: str = "", header: str = ""
    ) -> Path:
        """A package whose Dockerfile has ``steps`` after FROM."""
        folder = self.folder / self.name(short)
        folder.mkdir(parents=True, exist_ok=True)
        needs = ", ".join(self.name(item) for item in depends.split())
        lines = [f"name: {self.name(short)}", f"depends: [{needs}]", *header.splitlines()]
        if test:
            (folder / "check.sh").write_text(test)
            lines.append("test: sh /test/check.sh")
        head = "".join(f"# {line}\n" for line in lines)
        (folder / "Dockerfile").write_text(f"#---\n{head}#---\n{BASE}{steps}\n")
        return folder

    def chain(self) -> None:
        """Four packages: a -> b -> c -> d, each with a file, a step, an argument or a test."""
        self.add("a", "RUN echo one > /a", test="test -f /a")
        folder = self.add("b", "COPY file /b\nRUN cat /a /b > /ab", depends="a")
        (folder / "file").write_text("two\n")
        self.add(
            "c",
            "ARG WORD\nENV WORD=${WORD}\nRUN echo $WORD >> /ab",
            depends="b",
            header="build_args:\n  WORD: three",
            test="grep -q three /ab",
        )
        self.add("d", "RUN test -f /ab", depends="c", test="echo deferred: no GPU; exit 77")

    def argv(self, verb: str, *words: str) -> list[str]:
        """The command line for this tree."""
        return [
            *(sys.executable, "-m", "jetson_containers.cli.main", verb, *words),
            *("--package-dirs", str(self.folder), "--only-dirs", "--target", "x86-cu130"),
        ]

    def build_argv(self, *words: str) -> list[str]:
        """The command line of a build on the tiny base."""
        base = () if "--base" in words else ("--base", self.base)
        logs = ("--log-dir", str(self.folder.parent / "logs"), "--min-free", "0.1")
        return self.argv("build", *logs, *base, *words)

    def env(self) -> dict[str, str]:
        """The environment of a run: this tree's own memory, the engine of the tests."""
        cache = {"XDG_CACHE_HOME": str(self.folder.parent / "cache"), "PYTHONPATH": str(ROOT)}
        return {**os.environ, **cache, **self.environ}

    def build(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run ``build`` to its end."""
        return subprocess.run(
            self.build_argv(*words), env=self.env(), capture_output=True, text=True, timeout=120
        )

    def reference(self, short: str) -> str:
        """The image that a build of a package ends in."""
        return f"{self.name(short)}:amd64-cu130-24.04"


def tags_with(client: DockerClient, prefix: str) -> list[str]:
    """The tags whose name has a part that begins with ``prefix``.

    Asked by name: an engine adds up sizes for every image that it lists.
    """
    patterns = [f"{head}{prefix}*{tail}" for head in ("", "*/", "*/*/") for tail in ("", "/*")]
    patterns += [f"*/{prefix}*/*/*"]
    found = client.api.images(filters={"reference": patterns})
    return [tag for image in found for tag in image["RepoTags"] or () if prefix in tag]
