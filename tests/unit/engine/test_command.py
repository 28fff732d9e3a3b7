"""The commands of the Docker client, as they are run and as they are pasted."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

from jetson_containers.engine.command import buildx_argv, classic_argv, pasteable, run_argv
from jetson_containers.engine.protocol import BuildRequest, RunRequest
from jetson_containers.plan.model import Stage

STAGE = Stage(
    id="app-1",
    package="app",
    version="1",
    fingerprint="f" * 64,
    parent=None,
    base="base:1",
    context="/tree/app dir",
    dockerfile="Dockerfile",
    shown="tree/app dir",
    build_args=(("WORDS", "two words; $HOME"),),
    contexts=(("pip-index", "/tree/index"),),
    secrets=("token", "absent"),
    device="nvidia.com/gpu=all",
    build_flags=("--no-cache",),
    labels=(("who", "{'me'}"),),
    tests=(),
    reference="jetson-stage/app:ffff",
    platform="linux/arm64",
    reason="",
    layers=1,
    budget=("MAX_JOBS",),
)
REQUEST = BuildRequest(
    STAGE,
    "base:1",
    secrets={"token": Path("/s/token"), "other": Path("/s/other")},
    budget={"MAX_JOBS": "4", "NVCC_THREADS": "1"},
)


def test_buildx():
    assert buildx_argv(REQUEST, progress="rawjson") == (
        *("docker", "buildx", "build", "--progress=rawjson"),
        *("--platform", "linux/arm64", "--file", "/tree/app dir/Dockerfile"),
        *("--build-arg", "BASE_IMAGE=base:1"),
        *("--build-arg", "WORDS=two words; $HOME"),
        *("--build-arg", "MAX_JOBS=4"),
        *("--label", "who={'me'}"),
        *("--build-context", "pip-index=/tree/index"),
        *("--secret", "id=token,src=/s/token"),
        *("--device", "nvidia.com/gpu=all"),
        "--provenance=false",
        "--output",
        "type=image,name=jetson-stage/app:ffff,oci-mediatypes=true,"
        "compression=zstd,compression-level=1,unpack=true",
        "--no-cache",
        "/tree/app dir",
    )


def test_a_store_that_compresses_on_its_own_is_not_told_how():
    argv = buildx_argv(replace(REQUEST, compression="default"))
    assert "type=docker,name=jetson-stage/app:ffff" in argv


def test_a_stage_to_be_built_anew_takes_nothing_from_earlier_builds():
    plain = replace(REQUEST, stage=replace(STAGE, build_flags=()))
    for argv in (buildx_argv, classic_argv):
        assert "--no-cache" not in argv(plain)
        assert "--no-cache" in argv(replace(plain, fresh=True))


def test_classic():
    argv = classic_argv(REQUEST)
    assert argv[:2] == ("docker", "build")
    assert argv[-4:-2] == ("--tag", "jetson-stage/app:ffff")
    assert "--build-context" not in argv


def test_what_the_user_says_of_job_counts_wins():
    asked = replace(STAGE, build_args=(("MAX_JOBS", "1"),))
    argv = buildx_argv(replace(REQUEST, stage=asked))
    assert [word for word in argv if word.startswith("MAX_JOBS")] == ["MAX_JOBS=1"]


def test_proxies_with_passwords_are_named_only():
    argv = buildx_argv(replace(REQUEST, proxies={"HTTP_PROXY": "http://me:hunter2@host"}))
    assert argv[argv.index("HTTP_PROXY") - 1 :][:2] == ("--build-arg", "HTTP_PROXY")
    assert "hunter2" not in " ".join(argv)


def test_a_shell_reads_back_what_was_pasted():
    argv = buildx_argv(REQUEST)
    assert tuple(shlex.split(pasteable(argv))) == argv


def test_a_test_as_a_person_would_run_it_again():
    request = RunRequest("image:1", ("sh", "-c", "x y"), {Path("/tree/app"): "/test"}, gpu=True)
    assert pasteable(run_argv(request)) == (
        "docker run --rm --gpus all --mount type=bind,src=/tree/app,dst=/test,readonly "
        "--workdir /test --entrypoint sh image:1 -c 'x y'"
    )
