"""What a build left behind, held against what it should be: nothing here believes a name."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docker import DockerClient

from jetson_containers.image import labels

_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


@dataclass
class Expected:
    """An undisturbed run: fingerprints by reference from its plan, digests, output, pushes.

    The latter three are empty until they were seen: then a first look makes them.
    """

    prints: Mapping[str, str]
    digests: dict[str, str] = field(default_factory=dict)
    output: dict[str, str] = field(default_factory=dict)
    pushed: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Path) -> Expected:
        """What the plan of a run says."""
        prints: dict[str, str] = {}
        for plan in json.loads((run / "plan.json").read_text(encoding="utf-8"))["plans"]:
            stages = {stage["id"]: stage for stage in plan["stages"]}
            prints |= {stage["reference"]: stage["fingerprint"] for stage in stages.values()}
            for image in plan["images"]:
                prints[image["reference"]] = stages[image["stages"][-1]]["fingerprint"]
        return cls(prints)


def held(client: DockerClient, prefix: str) -> dict[str, Any]:
    """The images of the engine whose names have ``prefix`` in them, by name."""
    return {
        tag: image
        for image in client.api.images()
        for tag in image["RepoTags"] or ()
        if prefix in tag
    }


def engine_faults(
    client: DockerClient, docker: Sequence[str], prefix: str, expected: Expected
) -> list[str]:
    """Names that stand for what they should not, and images that are not whole.

    ``docker`` are the first words of the client's command line.
    """
    found = []
    images = held(client, prefix)
    for name, image in images.items():
        label = (image["Labels"] or {}).get(labels.FINGERPRINT)
        if name in expected.prints and label != expected.prints[name]:
            found.append(f"{name} has the label {label}")
        if label not in expected.prints.values():
            found.append(f"{name} has a label of no stage: {label}")
        digest = expected.digests.get(name)
        if digest and digest != image["Id"]:
            found.append(f"{name} is {image['Id']}, undisturbed {digest}")
    return found + (_saved(docker, sorted(images)) if images else [])


def _saved(docker: Sequence[str], names: list[str]) -> list[str]:
    """Save all images, and hold every blob against its digest."""
    blobs: dict[str, bytes] = {}
    found = []
    argv = [*docker, "save", *names]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as tar:
                for info in tar:
                    file = tar.extractfile(info)
                    if info.name.startswith("blobs/sha256/") and file is not None:
                        data = file.read()
                        if hashlib.sha256(data).hexdigest() != Path(info.name).name:
                            found.append(f"{info.name} is not its digest")
                        blobs[Path(info.name).name] = data if data[:1] == b"{" else b""
        except tarfile.TarError as error:
            found.append(f"docker save: {error}")
        process.stdout.read()
        said = process.stderr.read().decode()
    if process.returncode:
        return [*found, f"docker save fails: {said.strip()}"]
    for name, data in blobs.items():
        for digest in _parts(data):
            if digest.partition(":")[2] not in blobs:
                found.append(f"{name} needs {digest}, which was not saved")
    return found


def _parts(data: bytes) -> list[str]:
    """The digests that a manifest names; none for anything else."""
    try:
        value = json.loads(data)
    except ValueError:
        return []
    if not isinstance(value, dict) or "layers" not in value or "config" not in value:
        return []
    return [value["config"]["digest"], *(layer["digest"] for layer in value["layers"])]


def output_faults(client: DockerClient, names: Sequence[str], expected: Expected) -> list[str]:
    """Run every image; what it prints is that of the undisturbed run."""
    found = []
    for name in names:
        try:
            said = client.containers.run(name, "sha256sum /all", remove=True).decode()
        except Exception as error:  # whatever it is, the image does not run
            found.append(f"{name} does not run: {error}")
            continue
        if expected.output.setdefault(name, said) != said:
            found.append(f"{name} holds other content")
    return found


def registry_faults(host: str, expected: Expected) -> list[str]:
    """Every tag of a registry, with everything below it."""
    found: list[str] = []
    seen: set[str] = set()
    for repository, tag in registry_tags(host):
        name = f"{repository}:{tag}"
        try:
            digest, document = _manifest(host, repository, tag)
            members = [item["digest"] for item in document.get("manifests", ())]
            for member in members or [digest]:
                found += _image_faults(host, repository, name, member, expected, seen)
        except (OSError, ValueError, KeyError) as error:
            found.append(f"{name} is not whole: {error}")
            continue
        if expected.pushed.get(name, digest) != digest:
            found.append(f"{name} is {digest}, undisturbed {expected.pushed[name]}")
    return found


def _image_faults(
    host: str, repository: str, name: str, digest: str, expected: Expected, seen: set[str]
) -> list[str]:
    _, manifest = _manifest(host, repository, digest)
    for part in (manifest["config"]["digest"], *(item["digest"] for item in manifest["layers"])):
        if f"{repository}@{part}" not in seen:
            _blob(host, repository, part)
            seen.add(f"{repository}@{part}")
    config = json.loads(_blob(host, repository, manifest["config"]["digest"]))
    label = config["config"]["Labels"].get(labels.FINGERPRINT, "")
    tag = name.rpartition(":")[2]
    wrong = label not in expected.prints.values() or (
        repository.startswith("cache/") and label[:16] != tag
    )
    return [f"{name} has the label {label}"] if wrong else []


def registry_tags(host: str) -> list[tuple[str, str]]:
    """Every repository and tag."""
    found = []
    for repository in json.loads(_get(host, "_catalog?n=1000")[0])["repositories"]:
        try:
            tags = json.loads(_get(host, f"{repository}/tags/list")[0])["tags"] or []
        except urllib.error.HTTPError:  # an upload began, nothing was tagged
            continue
        found += [(repository, tag) for tag in tags]
    return found


def pushed(host: str) -> dict[str, str]:
    """The digest of every tag."""
    return {
        f"{repository}:{tag}": _manifest(host, repository, tag)[0]
        for repository, tag in registry_tags(host)
    }


def _manifest(host: str, repository: str, name: str) -> tuple[str, Any]:
    data, told = _get(host, f"{repository}/manifests/{name}")
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    if digest != (name if name.startswith("sha256:") else told):
        raise ValueError(f"the manifest is {digest}, not what it was asked for as")
    return digest, json.loads(data)


def _blob(host: str, repository: str, digest: str) -> bytes:
    data, _ = _get(host, f"{repository}/blobs/{digest}")
    if f"sha256:{hashlib.sha256(data).hexdigest()}" != digest:
        raise ValueError(f"blob {digest} is not its digest")
    return data


def _get(host: str, path: str) -> tuple[bytes, str]:
    request = urllib.request.Request(f"http://{host}/v2/{path}")
    request.add_header("Accept", ", ".join(_TYPES))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=20) as answer:
        return answer.read(), answer.headers.get("Docker-Content-Digest", "")
