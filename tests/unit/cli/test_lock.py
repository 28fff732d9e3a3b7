"""``lock``, ``lock --check`` and ``plan --locked`` on a tree and a repository on this disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jetson_containers.cli import lock
from jetson_containers.cli.main import main
from jetson_containers.lock.file import read_lock
from tests.unit.lock.test_git import Repository
from tests.unit.lock.worlds import wheel_header, write

CONFIG = (
    "from jetson_containers import github_latest_tag\n"
    "version = github_latest_tag('me/app').lstrip('v')\n"
    "package['name'] = f'app:{version}'\n"
    "package['alias'] = ['app']\n"
)


class Bench:
    """A tree, a repository, a directory to work in; ``run`` is the program."""

    def __init__(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.tree = place / "tree"
        self.repository = Repository(place / "host" / "me" / "app")
        self.repository.commit()
        self.repository.run("tag", "v1.0")
        self.lock = place / "work" / "jetson.lock"
        self._capsys = capsys
        write(self.tree, "tool", f"sources: [{{git: '{self.repository.address}', ref: main}}]")
        write(self.tree, "app", "depends: [tool]\nconfig: config.py", config=CONFIG)

    def run(self, *words: str) -> tuple[int, str, str]:
        dirs = ("--package-dirs", str(self.tree), "--only-dirs")
        code = main([*words, *dirs])
        out, err = self._capsys.readouterr()
        return code, out, err

    def locks(self, *words: str) -> str:
        """Lock; the base image is nowhere here, so the exit code is 3. The file's text."""
        code, _, err = self.run("lock", *words)
        assert code == 3, err
        return self.lock.read_text()


@pytest.fixture
def bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Bench:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.file://{tmp_path}/host/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")
    return Bench(tmp_path, capsys)


T = ("--target", "x86-cu130")


def test_locking_twice_writes_the_same_bytes(bench):
    first = bench.locks("app", *T)
    assert '"package": "app:1.0"' in first
    assert bench.locks("app", *T) == first


def test_a_locked_plan_has_the_recorded_answer_and_needs_no_network(bench):
    bench.locks("app", *T)
    code, out, _ = bench.run("plan", "app", *T)
    assert (code, "app:0.0.0" in out) == (0, True)
    bench.repository.run("tag", "v2.0")
    code, out, _ = bench.run("plan", "app", *T, "--locked")
    assert (code, "app:1.0" in out) == (0, True)


def test_several_targets_stand_in_one_file_and_one_is_locked_alone(bench):
    bench.locks("app", "--target", "sbsa-cu130", "x86-cu130")
    before = json.loads(bench.lock.read_text())["images"]
    assert [image["target"] for image in before] == ["sbsa-cu130", "x86-cu130"]
    bench.repository.commit()
    bench.locks("app", *T)
    after = json.loads(bench.lock.read_text())["images"]
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_without_a_package_all_that_the_file_holds_is_locked_again(bench):
    bench.locks("app", "--target", "sbsa-cu130", "x86-cu130")
    bench.locks("tool", *T)
    commit = bench.repository.commit()
    assert bench.locks().count(commit) == 3


def test_several_packages_are_one_image_or_one_each(bench):
    bench.locks("tool", "app", *T)
    code, out, err = bench.run("plan", "app", "tool", *T, "--locked")
    assert (code, "app:1.0" in out) == (0, True), err
    bench.locks("tool", "app", *T, "--multiple")
    assert len(json.loads(bench.lock.read_text())["images"]) == 3
    assert bench.run("plan", "app", "tool", *T, "--locked", "--multiple")[0] == 0


def test_what_was_left_out_is_left_out_again(bench):
    before = bench.locks("app", *T, "--skip-packages", "tool")
    assert '"package": "tool"' not in before
    assert bench.locks() == before
    assert bench.run("lock", "--check", "--offline")[0] == 0
    skipping = ("plan", "app", *T, "--locked", "--skip-packages", "tool")
    assert bench.run(*skipping)[0] == 0


def test_images_of_one_plan_start_on_one_base(bench):
    bench.locks("app", "tool", *T, "--multiple")
    data = json.loads(bench.lock.read_text())
    data["images"][0]["base"]["image"] = "sha256:" + "1" * 64
    bench.lock.write_text(json.dumps(data))
    code, _, err = bench.run("plan", "app", "tool", *T, "--multiple", "--locked")
    assert (code, "on different base images" in err) == (1, True)


def test_a_locked_plan_of_what_is_not_locked_says_what_is(bench):
    bench.locks("app", *T)
    code, _, err = bench.run("plan", "tool", *T, "--locked")
    assert code == 2
    assert "the lock does not hold tool on x86-cu130; it holds app on x86-cu130" in err
    assert "jetson-containers lock tool --target x86-cu130" in err


def test_a_locked_plan_names_every_drift_and_makes_none(bench):
    bench.locks("app", *T)
    write(bench.tree, "new")
    write(bench.tree, "tool", f"sources: [{{git: '{bench.repository.address}', ref: v1.0}}]")
    write(bench.tree, "app", "depends: [tool, new]\nconfig: config.py", config=CONFIG)
    for verb in (("plan",), ("build", "--simulate")):
        code, out, err = bench.run(*verb, "app", *T, "--locked")
        assert (code, out) == (1, "")
        assert err.count("has drifted") == 3
        assert f"{bench.tree}/app/Dockerfile:3: app on x86-cu130 has drifted: new is new" in err


def test_another_base_is_a_drift(bench):
    bench.locks("app", *T)
    code, _, err = bench.run("plan", "app", *T, "--locked", "--base", "debian:12")
    assert code == 1
    assert "it starts on debian:12, locked is ubuntu:24.04" in err


def test_check_offline_compares_the_definitions_alone(bench):
    bench.locks("app", *T)
    bench.repository.commit()
    code, out, _ = bench.run("lock", "--check", "--offline")
    assert (code, "0 drifts" in out) == (0, True)
    write(bench.tree, "app", "config: config.py", config=CONFIG)
    code, out, _ = bench.run("lock", "--check", "--offline", "--json")
    document = json.loads(out)
    assert code == 1
    assert [item["subject"] for item in document["drifts"]] == ["tool"]
    assert document["format"] == 1
    assert not document["ok"]


def test_check_tells_what_moved(bench):
    bench.locks("app", *T)
    commit = bench.repository.commit()
    bench.repository.run("tag", "v2.0")
    code, out, _ = bench.run("lock", "--check")
    assert code == 1
    assert f"main of {bench.repository.address} is at {commit}" in out
    assert f"{bench.tree}/tool/Dockerfile:2" in out
    assert "the answer to github_latest_tag me/app is v2.0, locked is v1.0" in out


def test_check_names_each_source_that_is_silent(bench):
    bench.locks("app", *T)
    bench.repository.path.rename(bench.repository.path.with_name("away"))
    code, out, _ = bench.run("lock", "--check", "--json")
    document = json.loads(out)
    assert code == 3
    assert document["drifts"] == []
    assert [item["source"] for item in document["unreachable"]] == [
        "github_latest_tag me/app",
        f"{bench.repository.address}@main",
    ]


def test_an_outage_leaves_the_file_as_it_was(bench):
    before = bench.locks("app", *T)
    bench.repository.path.rename(bench.repository.path.with_name("away"))
    code, _, err = bench.run("lock")
    assert (code, bench.lock.read_text()) == (3, before)
    assert "github_latest_tag me/app" in err


def test_a_faulty_request_leaves_the_file_as_it_was(bench):
    before = bench.locks("app", *T)
    code, _, err = bench.run("lock", "app", "appp", *T)
    assert (code, bench.lock.read_text()) == (2, before)
    assert "appp" in err


def test_a_definition_that_is_gone_is_a_drift_not_a_crash(bench):
    bench.locks("app", *T)
    (bench.tree / "tool/Dockerfile").unlink()
    code, out, _ = bench.run("lock", "--check", "--offline")
    assert code == 1
    assert "tool" in out


@pytest.mark.parametrize("words", [
    *(("--json",), ("--offline", "app"), ("--check", "x", "app"), ("--check", "--output", "x")),
])
def test_words_that_do_not_fit_together_are_refused(bench, words):
    assert bench.run("lock", *words)[0] == 2


def test_a_target_that_the_file_does_not_hold_is_refused(bench):
    bench.locks("app", *T)
    for words in (("--check", "--offline"), ()):
        code, out, err = bench.run("lock", *words, "--target", "x86-cu130", "x86-cu13O")
        assert (code, out) == (2, "")
        assert "the lock holds nothing for x86-cu13O" in err
        assert "it holds x86-cu130" in err


def test_what_another_run_wrote_meanwhile_stays(bench, monkeypatch):
    bench.locks("tool", *T)
    collect = lock.collect

    def slow(*words):
        monkeypatch.setattr(lock, "collect", collect)
        bench.locks("app", *T)
        return collect(*words)

    monkeypatch.setattr(lock, "collect", slow)
    bench.run("lock", "tool", "--target", "sbsa-cu130")
    assert [str(image) for image in read_lock(bench.lock).images] == [
        "tool on sbsa-cu130",
        "app on x86-cu130",
        "tool on x86-cu130",
    ]


def test_without_a_file_and_without_packages_there_is_nothing_to_lock(bench):
    assert bench.run("lock")[0] == 2
    assert bench.run("lock", "--check")[0] == 2
    assert bench.run("plan", "app", *T, "--locked")[0] == 2


@pytest.mark.parametrize("text", ["junk", "[]", '{"format": 999}', "{}"])
def test_a_file_that_is_no_lock_is_no_drift(bench, text):
    bench.lock.write_text(text)
    for words in (("--check",), ("--check", "--json"), ("tool",)):
        code, out, err = bench.run("lock", *words)
        assert (code, out) == (2, "")
        assert "jetson.lock" in err


def test_a_foreign_file_is_not_written_over(bench):
    bench.lock.write_text('name = "something else"\n')
    code, _, err = bench.run("lock", "app", *T)
    assert (code, bench.lock.read_text()) == (2, 'name = "something else"\n')
    assert "jetson.lock:1: the lock file is no JSON" in err


def test_two_locked_answers_to_one_question_are_refused(bench):
    bench.locks("app", *T)
    data = json.loads(bench.lock.read_text())
    data["images"].append({**data["images"][0], "request": ["tool"]})
    data["images"][1]["answers"] = {"github_latest_tag me/app": "v9"}
    bench.lock.write_text(json.dumps(data))
    code, _, err = bench.run("plan", "app", *T, "--locked")
    assert code == 1
    assert "two answers to 'github_latest_tag me/app'" in err


def test_a_plan_for_people_counts_the_locked_files(bench):
    write(bench.tree, "wheels", wheel_header("numpy==2"))
    bench.locks("tool", *T)
    data = json.loads(bench.lock.read_text())
    data["images"][0]["request"] = ["wheels"]
    files = {f"{pin}-py3-none-any.whl": "a" * 64 for pin in ("numpy-2", "other-1")}
    package = {"package": "wheels", "wheels": ["numpy==2"], "files": files}
    data["images"][0]["packages"] = [package]
    bench.lock.write_text(json.dumps(data))
    _, out, _ = bench.run("plan", "wheels", *T, "--locked")
    assert "WHEELS=numpy==2 (2 locked files)" in out


def test_a_plan_without_a_lock_is_as_ever(bench):
    before = bench.run("plan", "tool", *T, "--json")
    bench.locks("tool", *T)
    assert bench.run("plan", "tool", *T, "--json") == before
    locked = json.loads(bench.run("plan", "tool", *T, "--json", "--locked")[1])
    assert locked["stages"] == json.loads(before[1])["stages"]
