"""No image gets its name while a secret that its build was handed is in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docker.trees import Tree, tags_with

VALUE = "hunter22-and-more"
MOUNT = "RUN --mount=type=secret,id=token"


@pytest.fixture
def secret(tmp_path: Path) -> str:
    path = tmp_path / "token"
    path.write_text(f"{VALUE}\n")
    return f"id=token,src={path}"


@pytest.mark.parametrize(
    ("steps", "where"),
    [
        (f"{MOUNT} cp /run/secrets/token /kept", "layer .*: /kept"),
        (f"{MOUNT} base64 /run/secrets/token > /encoded", "layer .*: /encoded"),
        (f"{MOUNT} cp /run/secrets/token /gone\nRUN rm /gone", "layer .*: /gone"),
        (f"{MOUNT} mkdir /$(cat /run/secrets/token)", "layer .*: /hunter"),
        (f"{MOUNT} true\nENV TOKEN={VALUE}", "configuration: config.Env"),
        (f"{MOUNT} true\nRUN echo {VALUE} > /dev/null", r"history: history\[\d\].created_by"),
    ],
)
@pytest.mark.parametrize("compression", ["zstd"])
def test_a_secret_in_an_image_fails_the_build_and_leaves_no_name(
    tree: Tree, client, secret, steps, where, compression
):
    tree.add("a", steps)
    tree.add("b", "RUN true", depends="a")
    done = tree.build(tree.name("b"), "--secret", secret, "--compression", compression)
    assert done.returncode == 1, done.stderr
    shown = done.stderr.replace("\n", " ")
    assert "secret token in" in shown


    assert re.search(where, shown), shown
    assert tags_with(client, tree.prefix) == []


@pytest.mark.parametrize("engine_name", ["buildkit"])
def test_a_secret_that_is_used_and_not_kept_is_proven_absent(
    tree: Tree, client, secret, engine_name
):
    tree.add("a", f"{MOUNT} test -s /run/secrets/token && echo used > /used")
    tree.add("b", f"{MOUNT} true", depends="a")
    done = tree.build(tree.name("b"), "--secret", secret, "--verbose")
    assert done.returncode == 0, done.stderr
    assert "no secret is in the image: looked for token" in done.stderr
    assert [tag for tag in tags_with(client, tree.prefix) if "unproven" in tag] == []
    again = tree.build(tree.name("b"), "--secret", secret)
    assert "2 found" in again.stderr


def test_a_password_in_a_build_argument_is_a_secret_too(tree: Tree):
    tree.add(
        "a",
        "ARG INDEX\nRUN echo ok > /ok",
        header="build_args:\n  INDEX: https://me:hunter22@index.local/simple",
    )
    done = tree.build(tree.name("a"))
    assert done.returncode == 1
    assert "secret argument INDEX in history" in done.stderr
    assert "hunter22" not in done.stderr.partition("error")[2]


def test_an_image_that_was_left_unproven_is_not_taken_for_the_stage(tree: Tree, client, secret):
    tree.add("a", f"{MOUNT} true")
    assert tree.build(tree.name("a"), "--secret", secret).returncode == 0
    (stage,) = [tag for tag in tags_with(client, tree.prefix) if tag.startswith("jetson-stage/")]
    # as a run that was killed before the scan leaves it
    client.images.get(stage).tag(stage + "-unproven")
    for tag in tags_with(client, tree.prefix):
        if not tag.endswith("-unproven"):
            client.images.remove(tag)
    done = tree.build(tree.name("a"), "--secret", secret)
    assert "1 built" in done.stderr, done.stderr
    assert [tag for tag in tags_with(client, tree.prefix) if "unproven" in tag] == []


def test_the_bundle_of_certificates_is_public(tree: Tree, tmp_path: Path):
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\nMIIBAAAA\n-----END CERTIFICATE-----\n")
    tree.environ = {**tree.environ, "SSL_CERT_FILE": str(bundle)}
    tree.add("a", "RUN --mount=type=secret,id=ca-bundle cp /run/secrets/ca-bundle /etc/ca.pem")
    done = tree.build(tree.name("a"), "--verbose")
    assert done.returncode == 0, done.stderr
    assert "looked for" not in done.stderr
