"""Going on with a run: the same words, but nothing that it built again is built once more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timezone
from pathlib import Path

import pytest

from jetson_containers.cli import build, resume
from jetson_containers.cli.context import Context
from jetson_containers.cli.finding import redone
from jetson_containers.engine import events
from jetson_containers.engine.journal import Header, Journal, new_run, utc
from jetson_containers.plan.model import Plan
from tests.golden.plans import plan

NOON = datetime(2026, 11, 21, 12, 0, 0, tzinfo=timezone.utc)

Killed = Callable[..., str]


@pytest.fixture(scope="module")
def numpy() -> Plan:
    return plan("x86-cu130", "numpy")


@pytest.fixture
def killed(numpy: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Killed:
    """Leaves the record of a build that was killed when its first stage was finished."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def once(*words: str) -> str:
        directory = new_run(tmp_path / "jetson-containers/runs", NOON)
        argv = ("build", "numpy", *words)
        header = Header(directory.name, utc(NOON), "1.0", argv, 8, 16, directory=str(tmp_path))
        journal = Journal.begin(directory, header, [numpy], lambda: 0.0)
        journal.write(events.StageFinished(numpy.stages[0].id, 60.0, 1))
        journal.write(events.StageStarted(numpy.stages[1].id, ("docker",)))
        journal.close()
        return directory.name

    return once


def test_what_a_killed_run_built_again_is_not_built_once_more(
    numpy: Plan, killed: Killed, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[Sequence[Context], Sequence[str], Collection[str]]] = []

    def noted(contexts: Sequence[Context], argv: Sequence[str], done: Collection[str]) -> int:
        ran.append((contexts, argv, done))
        return 0

    monkeypatch.setattr(build, "build", noted)
    first = numpy.stages[0].package
    killed("--from", first)
    assert resume.main(["--run"]) == 0
    [([context], argv, done)] = ran
    assert argv == ["numpy", "--from", first], "the record has other words than the run before"
    again = redone(context.args, [numpy], done)
    assert again.stages == {stage.id for stage in numpy.stages[1:]} == again.uncached


@pytest.mark.parametrize("option", ["--from", "--force", "--fo"])
def test_the_way_to_go_on_builds_nothing_once_more(
    numpy: Plan, killed: Killed, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    name = killed(option, numpy.stages[0].package)
    resume.main([])
    assert capsys.readouterr().out.endswith(f" resume --run {name}\n")


@pytest.mark.parametrize("words", [("--fail-fast",), ()])
def test_other_runs_go_on_with_their_own_words(
    killed: Killed, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    killed(*words)
    resume.main([])
    assert capsys.readouterr().out.endswith(" ".join((" build numpy", *words)) + "\n")
