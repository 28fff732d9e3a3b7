"""``why-rebuild`` as a person or a program asks it, without an engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jetson_containers.cli.main import main
from jetson_containers.engine.stage_memory import StageMemory
from jetson_containers.plan.model import BaseImage, Plan, Stage
from jetson_containers.plan.planner import make_plan

BODY = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY file /\n"
DIGEST = "sha256:" + "5" * 64


class Asked:
    """A tree of two packages, ``low`` below ``top``, and the verb on it."""

    def __init__(self, folder: Path, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.tree = folder / "tree"
        self.memory = StageMemory(cache / "jetson-containers" / "stages", now=lambda: 1e9)
        self._capsys = capsys
        for name, needs in (("low", ""), ("top", "low")):
            (self.tree / name).mkdir(parents=True)
            header = f"#---\n# name: {name}\n# depends: [{needs}]\n#---\n"
            (self.tree / name / "Dockerfile").write_text(header + BODY)
            (self.tree / name / "file").write_text("1")

    def run(self, *words: str) -> tuple[int, str, str]:
        where = ("--package-dirs", str(self.tree), "--only-dirs", "--target", "x86-cu130")
        code = main(["why-rebuild", *words, "--offline", *where])
        out, err = self._capsys.readouterr()
        return code, out, err

    def build(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What a build on a base of that digest would remember."""
        plans: list[Plan] = []

        def planned(*args: object, **more: object) -> Plan:
            resolutions, base, *rest = args
            assert isinstance(base, BaseImage)
            known = BaseImage(base.reference, base.digest or DIGEST)
            plans.append(make_plan(resolutions, known, *rest, **more))  # type: ignore[arg-type]
            return plans[-1]

        with monkeypatch.context() as patch:
            patch.setattr("jetson_containers.cli.planning.make_plan", planned)
            self.run("top")
        stages: tuple[Stage, ...] = plans[0].stages
        for stage in stages:
            self.memory.remember(stage)


@pytest.fixture
def asked(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Asked:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Asked(tmp_path, tmp_path / "cache", capsys)


def test_nothing_is_known_of_what_was_never_built(asked: Asked) -> None:
    assert asked.run("top") == (0, "top was never built here\n", "")


def test_without_an_engine_the_base_is_taken_to_be_what_it_was(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked.build(monkeypatch)
    code, out, err = asked.run("top")
    assert code == 0
    assert out == "top is not built again: nothing changed since 2001-09-09 01:46 UTC\n"
    assert f"is taken to be what it was: {DIGEST}" in err


def test_the_cause_is_followed_down(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    asked.build(monkeypatch)
    (asked.tree / "low" / "file").write_text("2")
    _, out, _ = asked.run("top")
    assert out.splitlines()[:3] == [
        "top is built again",
        "  it stands on low, which is built again",
        "    file file: changed",
    ]
    _, out, _ = asked.run("low", "--in", "top")
    assert out.splitlines()[:2] == ["low is built again", "  file file: changed"]


def test_a_program_gets_the_root_in_one_place(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked.build(monkeypatch)
    (asked.tree / "low" / "file").write_text("2")
    _, out, _ = asked.run("top", "--json")
    document = json.loads(out)
    (stage,) = document["stages"]
    assert (document["format"], document["target"]) == (1, "x86-cu130")
    assert (stage["package"], stage["status"], stage["finished"]) == ("top", "changed", None)
    assert stage["earlier"]["built"] == 1e9
    assert stage["below"][0]["package"] == "low"
    assert stage["root"] == [
        {"package": "low", "input": "file", "subject": "file", "before": "", "after": ""}
    ]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ((), "no package was named"),
        (("low", "--in", "low", "--in", "top"), ""),
        (("none", "--in", "top"), "the chain has no stage of none"),
    ],
)
def test_words_that_mean_nothing_are_refused(
    asked: Asked, words: tuple[str, ...], what: str
) -> None:
    code, _, err = asked.run(*words)
    assert (code, what in err) == (2 if what else 0, True)
