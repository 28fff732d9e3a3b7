"""The command lines of the Docker client for a stage. Pure: values in, argv out."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from jetson_containers.engine.protocol import BuildRequest, RunRequest


def buildx_argv(request: BuildRequest, *, progress: str | None = None) -> tuple[str, ...]:
    """``docker buildx build`` for one stage; with ``progress`` in the form that is parsed."""
    stage = request.stage
    argv = ["docker", "buildx", "build"]
    if progress:
        argv += [f"--progress={progress}"]
    argv += _common(request)
    for name, place in stage.contexts:
        argv += ["--build-context", f"{name}={place}"]
    for secret in stage.secrets:
        if secret in request.secrets:
            argv += ["--secret", f"id={secret},src={request.secrets[secret]}"]
    if stage.device:
        argv += ["--device", stage.device]
    for source in request.cache_from:
        argv += ["--cache-from", source]
    for place in request.cache_to:
        argv += ["--cache-to", place]
    argv += ["--provenance=false", "--output", _output(request), *stage.build_flags]
    return (*argv, stage.context)


def classic_argv(request: BuildRequest) -> tuple[str, ...]:
    """``docker build`` with the classic builder, as a person would type it."""
    argv = ["docker", "build", *_common(request), "--tag", request.stage.reference]
    return (*argv, *request.stage.build_flags, request.stage.context)


def run_argv(request: RunRequest) -> tuple[str, ...]:
    """``docker run`` of a test, as a person would type it to see it again."""
    argv = ["docker", "run", "--rm"]
    if request.gpu:
        argv += ["--gpus", "all"]
    for path, place in request.mounts.items():
        argv += ["--mount", f"type=bind,src={path},dst={place},readonly"]
    if request.data is not None:
        argv += ["--mount", f"type=bind,src={request.data},dst=/data"]
    for key, value in request.environment.items():
        argv += ["--env", f"{key}={value}"]
    if "/test" in request.mounts.values():
        argv += ["--workdir", "/test"]
    argv += ["--entrypoint", request.argv[0]]
    return (*argv, request.image, *request.argv[1:])


def _common(request: BuildRequest) -> list[str]:
    stage = request.stage
    argv = ["--platform", stage.platform, "--file", f"{stage.context}/{stage.dockerfile}"]
    for key, value in build_args(request):
        argv += ["--build-arg", f"{key}={value}"]
    for name in request.proxies:
        argv += ["--build-arg", name]  # the value, maybe with a password, is in the environment
    for key, value in stage.labels:
        argv += ["--label", f"{key}={value}"]
    return argv


def build_args(request: BuildRequest) -> tuple[tuple[str, str], ...]:
    """``BASE_IMAGE``, the stage's arguments, and what it declares and leaves open of the budget."""
    given = dict(request.stage.build_args)
    budget = {
        name: request.budget[name]
        for name in request.stage.budget
        if name in request.budget and name not in given
    }
    return (("BASE_IMAGE", request.parent), *given.items(), *budget.items())


def _output(request: BuildRequest) -> str:
    """Into the engine's own store. zstd takes a tenth of gzip's time, and is no larger."""
    if request.compression == "default":
        return f"type=docker,name={request.stage.reference}"
    level = ",compression-level=1" if request.compression == "zstd" else ""
    return (
        f"type=image,name={request.stage.reference},oci-mediatypes=true,"
        f"compression={request.compression}{level},unpack=true"
    )


def pasteable(argv: Sequence[str]) -> str:
    """One line that a shell reads back as exactly this argv."""
    return shlex.join(argv)
