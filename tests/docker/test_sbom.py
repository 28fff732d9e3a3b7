"""What an image holds, and where its list lies beside it."""

from __future__ import annotations

import json
import subprocess
import urllib.request

import pytest

from tests.docker.trees import Tree

DPKG = "Package: tiny\\nStatus: install ok installed\\nVersion: 1.2-3\\nArchitecture: all\\n"
STEPS = (
    f"RUN mkdir -p /var/lib/dpkg /venv/site-packages/x-1.dist-info && printf '{DPKG}' > "
    "/var/lib/dpkg/status && printf 'Name: x\\nVersion: 1\\n' > "
    "/venv/site-packages/x-1.dist-info/METADATA"
)


@pytest.fixture
def built(tree: Tree) -> Tree:
    tree.add("a", STEPS)
    assert tree.build(tree.name("a")).returncode == 0
    return tree


def _sbom(tree: Tree, *words: str) -> subprocess.CompletedProcess[str]:
    argv = tree.argv("sbom", tree.reference("a"), *words)
    argv = argv[: argv.index("--package-dirs")]
    return subprocess.run(argv, env=tree.env(), capture_output=True, text=True, timeout=120)


def test_an_image_tells_what_is_installed_without_being_run(built: Tree):
    done = _sbom(built)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    found = {(item["name"], item["versionInfo"]) for item in document["packages"][1:]}
    assert found == {("tiny", "1.2-3"), ("x", "1")}


def _get(url: str) -> dict:
    kinds = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"
    request = urllib.request.Request(url, headers={"Accept": kinds})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return json.load(answer)


def test_a_pushed_image_has_its_list_beside_it_once(built: Tree, registry: str):
    place = f"{registry}/{built.prefix}"
    pushed = built.build(built.name("a"), "--push", place, "--sbom")
    assert pushed.returncode == 0, pushed.stderr
    reference = f"{place}/{built.reference('a')}"
    assert _sbom(built, "--attach", reference).returncode == 0
    repository = f"http://{registry}/v2/{built.prefix}/{built.name('a')}"
    tag = built.reference("a").partition(":")[2]
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
        urllib.request.Request(
            f"{repository}/manifests/{tag}",
            headers={"Accept": "application/vnd.oci.image.manifest.v1+json"},
        )
    ) as answer:
        subject = answer.headers["Docker-Content-Digest"]
    (entry,) = _get(f"{repository}/manifests/{subject.replace(':', '-')}")["manifests"]
    assert entry["artifactType"] == "application/spdx+json"
    manifest = _get(f"{repository}/manifests/{entry['digest']}")
    assert manifest["subject"]["digest"] == subject
    document = _get(f"{repository}/blobs/{manifest['layers'][0]['digest']}")
    assert document["spdxVersion"] == "SPDX-2.3"


def test_a_list_of_what_was_not_pushed_goes_nowhere(built: Tree, registry: str):
    done = _sbom(built, "--attach", f"{registry}/{built.prefix}/absent:1")
    assert done.returncode == 1
    assert "push the image first" in done.stderr
