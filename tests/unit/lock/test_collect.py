"""Making a locked image: everything is asked, silence is noted, denial is an error."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jetson_containers.errors import BuilderError, Problems
from jetson_containers.lock.collect import forgets
from jetson_containers.lock.model import LockedBase
from tests.unit.lock.worlds import FakeWorld, locked, wheel_header, write

BASE = {"ubuntu:24.04": LockedBase("ubuntu:24.04", "sha256:" + "1" * 64)}
GIT = "sources: [{git: 'https://h/a', ref: main}]"


def test_packages_stand_in_build_order_with_what_they_take(tmp_path):
    write(tmp_path, "tool", GIT)
    write(tmp_path, "app", "depends: [tool]\nsources: [{url: 'https://h/a.tgz'}]")
    world = FakeWorld({("https://h/a", "main"): "c" * 40}, {"https://h/a.tgz": "d" * 64})
    image = locked(tmp_path, replace(world, bases=BASE), "app")
    assert [package.reference for package in image.packages] == ["tool", "app"]
    assert image.packages[0].git == {"https://h/a@main": "c" * 40}
    assert image.packages[1].urls == {"https://h/a.tgz": "d" * 64}
    assert image.base == BASE["ubuntu:24.04"]
    assert image.unknown == {}


def test_a_file_belongs_to_the_first_package_that_needs_it(tmp_path):
    write(tmp_path, "numpy", wheel_header("numpy==2"))
    write(tmp_path, "app", wheel_header("app==1", depends="numpy"))
    wheels = {"numpy==2": ["common"], "common==5": [], "app==1": ["numpy", "common", "own"]}
    image = locked(tmp_path, FakeWorld(wheels={**wheels, "own==3": []}), "app")
    assert [sorted(package.files) for package in image.packages] == [
        ["common-5-py3-none-any.whl", "numpy-2-py3-none-any.whl"],
        ["app-1-py3-none-any.whl", "own-3-py3-none-any.whl"],
    ]


def test_after_a_pin_of_an_unknown_index_no_files_are_held(tmp_path):
    """Nobody knows what its installer brings, and in which version."""
    write(tmp_path, "first", wheel_header("first==1"))
    write(tmp_path, "torch", wheel_header("torch==2", depends="first"))
    write(tmp_path, "app", wheel_header("app==1", depends="torch"))
    world = FakeWorld(wheels={"first==1": [], "app==1": []}, silent={"torch==2"})
    image = locked(tmp_path, world, "app")
    assert [sorted(package.files) for package in image.packages] == [
        ["first-1-py3-none-any.whl"],
        [],
        [],
    ]
    assert image.unknown["torch==2"] == "its index could not be reached"


def test_what_cannot_be_reached_is_unknown_with_the_reason(tmp_path):
    write(tmp_path, "app", GIT)
    image = locked(tmp_path, FakeWorld(), "app")
    assert image.packages[0].git == {"https://h/a@main": None}
    assert image.unknown == {
        "https://h/a@main": "https://h/a@main could not be reached",
        "base ubuntu:24.04": "no engine here holds it, and no registry could be asked",
    }


def test_everything_that_the_world_denies_is_told_with_its_place(tmp_path):
    write(tmp_path, "app", "sources: [{git: 'https://h/a', ref: x}, {url: 'https://h/b'}]")
    world = FakeWorld(denied={"https://h/a@x", "https://h/b"})
    with pytest.raises(Problems) as caught:
        locked(tmp_path, world, "app")
    assert [error.what for error in caught.value.errors] == [
        "https://h/a@x is not there",
        "https://h/b is not there",
    ]
    assert all(str(tmp_path / "app") in str(error.where) for error in caught.value.errors)


def test_a_clone_that_a_step_only_tries_may_be_denied(tmp_path):
    """``git clone --branch v2 URL || git clone URL`` is common."""
    body = "RUN git clone --branch v2 https://h/a || git clone https://h/a\n"
    write(tmp_path, "app", body=body)
    image = locked(tmp_path, FakeWorld(denied={"https://h/a@v2"}), "app")
    assert image.packages[0].git == {"https://h/a@v2": None}
    assert image.unknown["https://h/a@v2"] == "https://h/a@v2 is not there"


def test_a_stated_checksum_is_not_downloaded_again(tmp_path):
    write(tmp_path, "app", f"sources: [{{url: 'https://h/a', sha256: {'e' * 64}}}]")
    world = FakeWorld()
    assert locked(tmp_path, world, "app").packages[0].urls == {"https://h/a": "e" * 64}
    assert world.asked == []


def test_an_address_of_two_packages_is_asked_once(tmp_path):
    write(tmp_path, "tool", GIT)
    write(tmp_path, "app", f"depends: [tool]\n{GIT}")
    world = FakeWorld({("https://h/a", "main"): "c" * 40})
    locked(tmp_path, world, "app")
    assert world.asked == ["https://h/a@main"]


CONFIG = (
    "from jetson_containers import github_latest_tag\n"
    "version = github_latest_tag('me/app')\n"
    "package['name'] = f'app:{version}'\n"
    "package['alias'] = ['app']\n"
    "if version == 'v2':\n"
    "    package['build_args'] = {'MORE': github_latest_tag('me/more')}\n"
)


def test_answers_pin_what_a_config_asks_for_also_what_it_asks_then(tmp_path):
    write(tmp_path, "app", "config: config.py", config=CONFIG)
    world = FakeWorld(answers={"github_latest_tag me/app": "v2", "github_latest_tag me/more": "7"})
    image = locked(tmp_path, world, "app")
    assert image.answers == world.answers
    assert [package.reference for package in image.packages] == ["app:v2"]


def test_a_question_without_an_answer_is_noted(tmp_path):
    write(tmp_path, "app", "config: config.py", config=CONFIG)
    image = locked(tmp_path, FakeWorld(), "app")
    assert image.answers == {"github_latest_tag me/app": None}
    assert "github_latest_tag me/app" in image.unknown
    assert image.recorded == {}


def test_a_denied_answer_is_an_error(tmp_path):
    write(tmp_path, "app", "config: config.py", config=CONFIG)
    with pytest.raises(BuilderError, match="me/app is not there"):
        locked(tmp_path, FakeWorld(denied={"github_latest_tag me/app"}), "app")


def test_an_outage_may_not_forget_what_was_known(tmp_path):
    write(tmp_path, "app", GIT)
    known = FakeWorld({("https://h/a", "main"): "c" * 40}, bases=BASE)
    before = locked(tmp_path, known, "app")
    after = locked(tmp_path, FakeWorld(), "app")
    assert forgets(before, after) == ("base ubuntu:24.04", "https://h/a@main")
    assert forgets(after, after) == forgets(None, after) == forgets(after, before) == ()


def test_nothing_moved_is_the_same_image(tmp_path):
    write(tmp_path, "app", GIT)
    world = FakeWorld({("https://h/a", "main"): "c" * 40})
    assert locked(tmp_path, world, "app") == locked(tmp_path, world, "app")


def test_a_pin_without_a_file_for_the_target_is_unknown_and_not_left_out(tmp_path):
    write(tmp_path, "app", wheel_header("app==1", "own==3"))
    image = locked(tmp_path, FakeWorld(wheels={"app==1": []}), "app")
    assert image.unknown["own==3"] == "its index has no file of it for the target"
    assert image.files == {}
