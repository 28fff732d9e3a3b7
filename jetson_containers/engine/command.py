"""The command lines of the Docker client for a stage. Pure: values in, argv out."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from jetson_containers.engine.protocol import BuildRequest, RunRequest
from jetson_containers.plan.output import EPOCH, image_output


def buildx_argv(
    request: BuildRequest, *, progress: str | None = None, layout: Path | None = None
) -> tuple[str, ...]:
    """``docker buildx build`` for one stage; with ``progress`` in the form that is parsed.

    With ``layout`` the image is written into that directory, as an OCI layout.
    """
    stage = request.stage
    argv = _buildx(request, progress)
    for place in request.cache_to:
        argv += ["--cache-to", place]
    argv += ["--provenance=false", "--output", _output(request, layout), *stage.build_flags]
    return (*argv, stage.context)


def export_argv(
    request: BuildRequest, target: str, dest: Path, *, progress: str | None = None
) -> tuple[str, ...]:
    """``docker buildx build`` of one stage of the Dockerfile into a directory."""
    stage = request.stage
    argv = [*_buildx(request, progress), "--target", target]
    argv += ["--provenance=false", "--output", f"type=local,dest={dest}", *stage.build_flags]
    return (*argv, stage.context)


def _buildx(request: BuildRequest, progress: str | None) -> list[str]:
    """What every build of a stage has: its arguments, contexts, secrets and caches to read."""
    stage = request.stage
    argv = ["docker", "buildx", "build"]
    if progress:
        argv += [f"--progress={progress}"]
    argv += _common(request)
    for name, place in (*stage.contexts, *request.contexts.items()):
        argv += ["--build-context", f"{name}={place}"]
    for secret in stage.secrets:
        if secret in request.secrets:
            argv += ["--secret", f"id={secret},src={request.secrets[secret]}"]
    if stage.device:
        argv += ["--device", stage.device]
    if request.fresh:
        argv += ["--no-cache"]
    for source in request.cache_from:
        argv += ["--cache-from", source]
    return argv


def classic_argv(request: BuildRequest) -> tuple[str, ...]:
    """``docker build`` with the classic builder, as a person would type it."""
    argv = ["docker", "build", *_common(request), "--tag", request.stage.reference]
    argv += ["--no-cache"] if request.fresh else []
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
    times = {} if request.epoch is None else {EPOCH: str(request.epoch)}
    return (("BASE_IMAGE", request.parent), *times.items(), *given.items(), *budget.items())


def _output(request: BuildRequest, layout: Path | None) -> str:
    """Into the engine's own store, or into an OCI layout."""
    if request.compression == "default":
        return f"type=docker,name={request.stage.reference}"
    stored = image_output(
        request.compression, name=request.stage.reference, rewrite=request.epoch is not None
    )
    if layout is None:
        return stored
    plain = stored.replace("type=image", "type=oci,tar=false").rpartition(",unpack=")[0]
    return f"{plain},dest={layout}"


def pasteable(argv: Sequence[str]) -> str:
    """One line that a shell reads back as exactly this argv."""
    return shlex.join(argv)
