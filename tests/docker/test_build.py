"""``build`` on a real engine: a chain of small packages, and everything that can go wrong."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from jetson_containers.engine.address import EngineAddress
from jetson_containers.image import contents, labels
from tests.docker.trees import Tree


@pytest.mark.parametrize("engine_name", ["buildkit", "docker"])
def test_a_chain_is_built_tested_tagged_and_then_found(tree: Tree, client, engine_name):
    tree.chain()
    first = tree.build(tree.name("d"), "--engine", engine_name)
    assert first.returncode == 0, first.stderr
    assert "stages:  4 built, 0 found" in first.stderr
    assert f"deferred: {tree.name('d')} sh /test/check.sh: no GPU" in first.stderr
    assert f"--package-dirs {tree.folder} --only-dirs" in first.stderr.partition("test:  ")[2]
    assert f"jetson-containers run {tree.reference('d')}" in first.stderr

    image = client.images.get(tree.reference("d"))
    told = labels.read_labels(image.labels)
    assert told is not None
    assert told.packages == tuple(tree.name(short) for short in "abcd")
    assert told.target.name == "x86-cu130"
    assert image.attrs["Config"]["Env"].count("WORD=three") == 1
    assert client.containers.run(image, "cat /ab", remove=True) == b"one\ntwo\nthree\n"

    again = tree.build(tree.name("d"), "--engine", engine_name)
    assert again.returncode == 0, again.stderr
    assert "stages:  0 built, 4 found" in again.stderr
    assert "passed in" not in again.stderr, "a remembered test was run again"
    assert client.images.get(tree.reference("d")).id == image.id


def test_a_changed_file_rebuilds_its_stage_and_what_stands_on_it(tree: Tree):
    tree.chain()
    assert tree.build(tree.name("d")).returncode == 0
    (tree.folder / tree.name("b") / "file").write_text("2\n")
    done = tree.build(tree.name("d"))
    assert "stages:  3 built, 1 found" in done.stderr
    (tree.folder / tree.name("b") / "README.md").write_text("words")
    assert "stages:  0 built, 4 found" in tree.build(tree.name("d")).stderr


def test_a_failed_step_shows_its_lines_its_log_and_the_command_that_repeats_it(
    tree: Tree, client
):
    tree.add("a", "RUN true")
    tree.add("b", "RUN echo before && echo 'fatal: no such thing' && false", depends="a")
    done = tree.build(tree.name("b"))
    assert done.returncode == 1
    assert f"building {tree.name('b')} failed at [2/2] RUN echo before" in done.stderr
    assert "| fatal: no such thing" in done.stderr
    lines = dict(line.strip().partition(": ")[::2] for line in done.stderr.splitlines())
    assert "fatal: no such thing" in Path(lines["log"]).read_text()
    repeated = subprocess.run(
        shlex.split(lines["repeat"]), env=tree.env(), capture_output=True, text=True
    )
    assert repeated.returncode != 0
    assert "no such thing" in repeated.stderr
    assert not [tag for tag in _tags(client) if tree.reference("b") in tag]
    assert "1 found" in _mended(tree).stderr


def _mended(tree: Tree) -> subprocess.CompletedProcess[str]:
    tree.add("b", "RUN true", depends="a")
    return tree.build(tree.name("b"))


def _tags(client) -> list[str]:
    return [tag for image in client.api.images() for tag in image["RepoTags"] or ()]


def test_a_failed_test_leaves_no_image_under_the_asked_name(tree: Tree, client):
    tree.add("a", "RUN true", test="echo broken; exit 3")
    done = tree.build(tree.name("a"))
    assert done.returncode == 1
    assert "exit status 3" in done.stderr
    assert "| broken" in done.stderr
    assert not [tag for tag in _tags(client) if tree.reference("a") in tag]


def test_deferring_without_a_reason_is_failing(tree: Tree):
    tree.add("a", "RUN true", test="exit 77")
    done = tree.build(tree.name("a"))
    assert done.returncode == 1
    assert "without a line `deferred: <reason>`" in done.stderr


def test_a_test_in_the_final_image_sees_what_a_later_package_broke(tree: Tree):
    tree.add("a", "RUN echo 1 > /a", test="test -f /a")
    tree.add("b", "RUN rm /a", depends="a")
    done = tree.build(tree.name("b"))
    assert done.returncode == 1
    assert f"of {tree.name('a')} failed in {tree.name('b')}" in done.stderr


def test_the_classic_builder_refuses_what_it_cannot_do_before_it_builds(tree: Tree):
    tree.add("a", "RUN true")
    tree.add("b", "RUN --mount=type=cache,target=/c true", depends="a")
    done = tree.build(tree.name("b"), "--engine", "docker")
    assert done.returncode == 1
    assert "uses RUN --mount, which this engine" in done.stderr
    assert "building" not in done.stderr


def test_a_base_image_of_another_architecture_is_refused(tree: Tree, engine, image_name):
    foreign = image_name("arm64") + ":1"
    folder = tree.folder.parent / "foreign"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    argv = ["docker", "buildx", "build", "--platform", "linux/arm64", "--provenance=false"]
    subprocess.run(
        [*argv, "--load", "-t", foreign, str(folder)],
        env={**os.environ, "PATH": _path(engine)},
        check=True,
        capture_output=True,
    )
    tree.add("a", "RUN true")
    done = tree.build(tree.name("a"), "--base", foreign)
    assert done.returncode == 1
    assert f"the base image {foreign} is for arm64, the target x86-cu130 is amd64" in done.stderr


def _path(engine: EngineAddress) -> str:
    folder = [str(Path(engine.docker).parent)] if engine.docker else []
    return os.pathsep.join([*folder, os.environ["PATH"]])


def test_a_base_image_that_cannot_be_had_is_an_error_of_its_own(tree: Tree):
    tree.add("a", "RUN true")
    done = tree.build(tree.name("a"), "--base", "127.0.0.1:9/none:1")
    assert done.returncode == 3
    assert "the base image 127.0.0.1:9/none:1 is not here and cannot be pulled" in done.stderr


def test_a_disk_that_would_get_full_is_told_before_anything_is_built(tree: Tree):
    tree.add("a", "RUN true")
    done = tree.build(tree.name("a"), "--min-free", "1000000")
    assert done.returncode == 1
    assert "1000000.0 GB are needed" in done.stderr
    assert "building" not in done.stderr


def test_a_disk_that_gets_full_stops_the_build_before_it_is(tree: Tree, client):
    root = Path(client.info()["DockerRootDir"])
    if not root.is_dir():
        pytest.skip("the engine's disk is on another machine")
    floor = shutil.disk_usage(root).free / 1e9 - 1
    tree.add("a", "RUN fallocate -l 3000000000 /big && sleep 60")
    done = tree.build(tree.name("a"), "--min-free", str(floor))
    assert done.returncode == 1
    assert f"{floor:.1f} GB are needed" in done.stderr
    assert "`docker system df` tells who uses it" in done.stderr


def test_two_copies_at_once_build_each_stage_once(tree: Tree):
    tree.add("a", "RUN sleep 2")
    tree.add("b", "RUN true", depends="a")
    runs = [
        subprocess.Popen(
            tree.build_argv(tree.name("b")), env=tree.env(), stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    told = [run.communicate(timeout=60)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], told
    assert sum("another build" in text for text in told) == 1
    assert sum(text.count(f"{tree.name('a')}: built in") for text in told) == 1


@pytest.mark.parametrize("engine_name", ["buildkit", "docker"])
def test_ctrl_c_stops_within_two_seconds_and_the_same_command_goes_on(tree: Tree, engine_name):
    tree.add("a", "RUN true")
    tree.add("b", f"RUN echo waiting && sleep 60 && : {tree.prefix}", depends="a")
    run = subprocess.Popen(
        tree.build_argv(tree.name("b"), "--engine", engine_name, "--verbose"),
        env=tree.env(),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stderr is not None
    for line in run.stderr:
        if line.strip() == "| waiting":
            break
    begun = time.monotonic()
    run.send_signal(signal.SIGINT)
    rest = run.stderr.read()
    assert run.wait(10) == 130
    assert time.monotonic() - begun < 2
    assert "finished stages are kept, the same command goes on: " in rest
    assert "jetson-containers build " in rest
    assert "1 found" in _mended(tree).stderr


def test_an_engine_that_dies_is_told_as_such(tree: Tree, engine):
    tree.add("a", f"RUN echo waiting && sleep 20 && : {tree.prefix}")
    socket_path = tree.folder.parent / "engine.sock"
    with _proxied(engine.host.removeprefix("unix://"), socket_path) as cut:
        run = subprocess.Popen(
            tree.build_argv(tree.name("a"), "--verbose"),
            env={**tree.env(), "DOCKER_HOST": f"unix://{socket_path}"},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert run.stderr is not None
        seen = []
        for line in run.stderr:
            seen.append(line)
            if line.strip() == "| waiting":
                break
        cut()
        rest = run.stderr.read()
        assert run.wait(20) == 3, "".join(seen) + rest
    assert f"the engine stopped answering while it built {tree.name('a')}" in rest
    assert "run the same command again" in rest


@contextmanager
def _proxied(behind: str, path: Path) -> Iterator[object]:
    """A socket before the engine's; calling the result cuts every connection for good."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(64)
    open_sockets: list[socket.socket] = [listener]

    def pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def accept() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(behind)
            open_sockets.extend((near, far))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    def cut() -> None:
        path.unlink(missing_ok=True)
        for item in open_sockets:
            with suppress(OSError):
                item.shutdown(socket.SHUT_RDWR)
            item.close()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield cut
    finally:
        cut()


def test_secrets_are_handed_in_and_stay_out(tree: Tree, client):
    secret = tree.folder.parent / "token"
    secret.write_text("hunter2")
    tree.add("a", "RUN --mount=type=secret,id=token wc -c < /run/secrets/token > /size")
    done = tree.build(tree.name("a"), "--secret", f"id=token,src={secret}")
    assert done.returncode == 0, done.stderr
    image = client.images.get(tree.reference("a"))
    assert client.containers.run(image, "cat /size", remove=True).strip() == b"7"
    assert "hunter2" not in json.dumps([image.attrs, image.history()])


def test_files_that_a_config_generates_are_in_the_build_and_not_in_the_tree(tree: Tree, client):
    folder = tree.add("a", "COPY nv_tegra_release /release", header="config: config.py")
    (folder / "config.py").write_text(
        "from jetson_containers import nv_tegra_release\n"
        "nv_tegra_release(dst=package['path'] + '/nv_tegra_release')\n"
    )
    done = tree.build(tree.name("a"))
    assert done.returncode == 0, done.stderr
    image = client.images.get(tree.reference("a"))
    assert client.containers.run(image, "cat /release", remove=True).startswith(b"# R")
    assert sorted(path.name for path in folder.iterdir()) == ["Dockerfile", "config.py"]
    assert "0 built, 1 found" in tree.build(tree.name("a")).stderr


def test_push_puts_the_image_into_a_registry(tree: Tree, registry, client):
    tree.add("a", "RUN true")
    done = tree.build(tree.name("a"), "--push", f"{registry}/team")
    assert done.returncode == 0, done.stderr
    reference = f"{registry}/team/{tree.reference('a')}"
    assert f"pushed {reference}" in done.stderr
    assert client.images.pull(reference).labels[labels.STAGE] == tree.name("a")
    client.images.remove(reference)


def test_simulated_commands_can_be_pasted(tree: Tree, client, engine):
    tree.chain()
    done = tree.build(tree.name("d"), "--simulate")
    assert done.returncode == 0, done.stderr
    commands = [shlex.split(line) for line in done.stdout.splitlines()]
    assert not [tag for tag in _tags(client) if tree.prefix in tag]
    environ = {**tree.env(), "PATH": _path(engine)}
    for argv in commands:
        ran = subprocess.run(argv, env=environ, capture_output=True, text=True)
        assert ran.returncode in (0, 77), (argv, ran.stderr)
    assert client.images.get(tree.reference("d")).labels[labels.STAGE] == tree.name("d")


def test_a_stage_whose_image_was_removed_is_built_again_where_it_is_needed(tree: Tree, client):
    tree.add("a", "RUN true")
    tree.add("b", "RUN true", depends="a")
    tree.add("c", "RUN true", depends="a")
    assert tree.build(tree.name("b")).returncode == 0
    stage = next(tag for tag in _tags(client) if tag.startswith(f"jetson-stage/{tree.name('a')}:"))
    client.images.remove(stage)
    done = tree.build("--multiple", tree.name("b"), tree.name("c"), tree.name("a"))
    assert done.returncode == 0, done.stderr
    assert stage in _tags(client)


def test_what_somebody_builds_on_our_image_is_not_taken_for_it(tree: Tree, client, engine):
    tree.add("a", "RUN echo ours > /hi", test="test -f /hi")
    assert tree.build(tree.name("a")).returncode == 0
    ours = tree.reference("a")
    folder = tree.folder.parent / "derived"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {ours}\nRUN rm /hi\n")
    client.images.build(path=str(folder), tag=f"{tree.name('derived')}:1", rm=True)
    for tag in _tags(client):
        if tree.name("a") in tag:
            client.images.remove(tag)
    done = tree.build(tree.name("a"))
    assert done.returncode == 0, done.stderr
    assert "stages:  1 built, 0 found" in done.stderr
    assert client.containers.run(ours, "cat /hi", remove=True) == b"ours\n"


def test_ctrl_c_during_tests_begins_no_further_one(tree: Tree):
    folder = tree.add("a", "RUN true")
    (folder / "config.py").write_text(
        "package['test'] = [f'echo begun {n}; sleep 30' for n in range(8)]\n"
    )
    run = subprocess.Popen(
        tree.build_argv(tree.name("a"), "--verbose"),
        env=tree.env(),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stderr is not None
    for line in run.stderr:
        if line.strip().startswith("| begun"):
            break
    begun = time.monotonic()
    run.send_signal(signal.SIGTERM)
    rest = run.stderr.read()
    assert run.wait(20) == 130
    assert time.monotonic() - begun < 2
    assert "failed" not in rest


def test_tests_leave_no_volume_behind(tree: Tree, client):
    before = {volume.name for volume in client.volumes.list()}
    tree.add("a", "VOLUME /kept", test="test -d /kept")
    assert tree.build(tree.name("a")).returncode == 0
    assert {volume.name for volume in client.volumes.list()} <= before


def test_a_push_that_fails_leaves_no_tag(tree: Tree, client):
    tree.add("a", "RUN true")
    done = tree.build(tree.name("a"), "--push", "127.0.0.1:9/team")
    assert done.returncode == 3
    assert not [tag for tag in _tags(client) if tag.startswith("127.0.0.1:9/")]


def test_on_an_image_of_ours_only_what_it_lacks_is_built(tree: Tree, client):
    tree.add("a", "RUN echo one > /a", test="test -f /a")
    tree.add("b", "RUN test -f /a && echo two > /b", depends="a", test="cat /a /b")
    tree.add("c", "RUN test -f /b && echo three > /c", depends="a b", test="test -f /c")
    assert tree.build(tree.name("b")).returncode == 0
    held = tree.reference("b")
    done = tree.build(tree.name("c"), "--base", held)
    assert done.returncode == 0, done.stderr
    assert f"it holds {tree.name('a')} {tree.name('b')}\n" in done.stderr
    assert "stages:  1 built, 0 found" in done.stderr
    for short in "abc":
        assert f"test sh /test/check.sh of {tree.name(short)}" in done.stderr

    image = client.images.get(tree.reference("c"))
    assert client.containers.run(image, "cat /a /b /c", remove=True) == b"one\ntwo\nthree\n"
    told = contents.read_contents(image.labels)
    assert told is not None
    assert told.packages == tuple(tree.name(short) for short in "abc")
    assert [name for name, _ in told.lineage] == list(told.packages)
    assert image.labels["org.opencontainers.image.base.name"] == held

    again = tree.build(tree.name("c"), "--base", held)
    assert "stages:  0 built, 1 found" in again.stderr


def test_a_base_that_holds_all_that_was_asked_for_is_only_tagged(tree: Tree, client):
    tree.add("a", "RUN echo one > /a")
    tree.add("b", "RUN test -f /a", depends="a")
    assert tree.build(tree.name("b")).returncode == 0
    done = tree.build(tree.name("a"), "--base", tree.reference("b"))
    assert done.returncode == 0, done.stderr
    assert "stages:  0 built, 0 found" in done.stderr
    assert client.images.get(tree.reference("a")).id == client.images.get(tree.reference("b")).id


def test_another_version_than_the_one_in_the_base_is_refused_before_anything_is_built(tree: Tree):
    versions = "from copy import deepcopy\npackage = [{**deepcopy(package), 'name': f'NAME:{v}'}"
    folder = tree.add("lib", "RUN true")
    (folder / "config.py").write_text(
        versions.replace("NAME", tree.name("lib")) + " for v in ('1.0', '2.0')]\n"
    )
    tree.add("app", "RUN true")
    dockerfile = tree.folder / tree.name("app") / "Dockerfile"
    needs = f"depends: ['{tree.name('lib')}>=2.0']"
    dockerfile.write_text(dockerfile.read_text().replace("depends: []", needs))
    first = tree.build(f"{tree.name('lib')}:1.0", "--name", tree.name("base") + ":1")
    assert first.returncode == 0, first.stderr
    done = tree.build(tree.name("app"), "--base", tree.name("base") + ":1")
    assert done.returncode == 1
    assert f"{tree.name('base')}:1 holds {tree.name('lib')}:1.0, but {tree.name('app')}" in (
        done.stderr
    )
    assert "building" not in done.stderr
