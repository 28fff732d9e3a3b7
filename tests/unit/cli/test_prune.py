"""``prune`` without an engine: words, previews, and what lies in the user's cache."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from jetson_containers.cli import connect, prune
from jetson_containers.cli.main import main
from jetson_containers.engine import inventory
from jetson_containers.engine.protocol import EngineGone
from jetson_containers.errors import BuilderError
from tests.unit.engine.test_prune import stage
from tests.unit.report.runs import FORK, FORK_EVENTS, plan, write_run


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with three runs and kept definitions; no engine answers."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(connect, "locate", lambda environ: None)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    folder = tmp_path / "jetson-containers"
    for day in (19, 20, 21):
        write_run(folder / "runs" / f"202611{day}-100000-000", [plan(FORK)], FORK_EVENTS)
    (folder / "catalogues").mkdir()
    (folder / "catalogues" / "x").write_text("kept")
    return folder


def left(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "runs").iterdir())


def test_the_last_runs_stay(cache, capsys):
    assert main(["prune", "runs", "--keep-last", "1", "--yes"]) == 0
    assert left(cache) == ["20261121-100000-000"]
    assert "2 of runs" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--dry-run"], ["--dry-run", "--yes"], [], ["--json"]])
def test_a_preview_removes_nothing(cache, capsys, words):
    assert main(["prune", "runs", "--keep-last", "0", *words]) == 0
    assert len(left(cache)) == 3


def test_what_is_young_stays(cache):
    assert main(["prune", "runs", "caches", "--keep-last", "0", "--older-than", "1h", "--yes"]) == 0
    assert len(left(cache)) == 3
    assert (cache / "catalogues" / "x").exists()


def test_caches_go_if_they_are_named(cache, capsys):
    assert main(["prune", "--keep-last", "9", "--yes"]) == 0
    assert (cache / "catalogues" / "x").exists()
    assert main(["prune", "caches", "--yes", "--json"]) == 0
    document = json.loads(capsys.readouterr().out.partition("\n")[2])
    assert document["removed"]
    assert [item["name"] for item in document["caches"]] == ["catalogues"]
    assert not (cache / "catalogues" / "x").exists()


def test_without_an_engine_that_is_said(cache, capsys):
    assert main(["prune", "--dry-run"]) == 0
    assert "no container engine answers" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["everything"], ["--older-than", "soon"], ["--keep-last", "-1"], ["wheels"]],
)
def test_words_that_do_not_fit_are_usage_errors(cache, words):
    assert main(["prune", *words]) == 2
    assert len(left(cache)) == 3


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch):
    """An engine that holds two stages, and tells the layers of the second only as it is told to."""

    class Connected:
        engine = None

    native, foreign = stage("native", size=10), stage("foreign", size=30)
    monkeypatch.setattr(prune, "_connection", lambda context: Connected())
    monkeypatch.setattr(inventory, "cache_records", lambda engine: ())
    monkeypatch.setattr(inventory, "held_images", lambda engine: (native, foreign))

    def tell(error: BuilderError) -> None:
        def layers(engine, reference):
            if reference == foreign.digest:
                raise error
            return {}

        monkeypatch.setattr(inventory, "image_layers", layers)

    return tell


def test_a_stage_for_another_architecture_is_estimated(cache, engine, capsys):
    engine(BuilderError("the engine refused: snapshot sha256:0 does not exist"))
    assert main(["prune", "stages", "--dry-run", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["stages_size"] == 40
    assert told.err.count("does not tell the layers of 1 image") == 1


def test_an_engine_that_went_away_ends_the_verb(cache, engine):
    engine(EngineGone("it does not answer"))
    assert main(["prune", "stages", "--dry-run"]) == 3
