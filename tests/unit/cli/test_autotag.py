"""``autotag`` on saved lists: what goes where, and the exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from jetson_containers.cli.main import main
from jetson_containers.platform.read import SMI_QUERY

X86 = "amd64-cu130-24.04"


@pytest.fixture
def lists(tmp_path: Path) -> tuple[str, ...]:
    """Options for a machine of a known kind with two local images and a saved listing."""
    images = [
        {"reference": f"app:1-{X86}", "architecture": "amd64", "created": "", "labels": {}},
        {"reference": "app:9-r36.4.0", "architecture": "arm64"},
    ]
    hub = [
        {
            "namespace": "acme",
            "name": "app",
            "tags": [{"name": f"2-{X86}", "images": [{"architecture": "amd64"}]}],
        }
    ]
    (tmp_path / "images.json").write_text(json.dumps(images))
    (tmp_path / "hub.json").write_text(json.dumps(hub))
    return (
        *("--target", "x86-cu130", "--local-images", str(tmp_path / "images.json")),
        *("--registry-snapshot", str(tmp_path / "hub.json"), "--user", "acme"),
    )


Capture = pytest.CaptureFixture[str]


def test_stdout_has_the_reference_alone(lists: tuple[str, ...], capsys: Capture) -> None:
    assert main(["autotag", "app", *lists, "--explain", "--verbose"]) == 0
    told = capsys.readouterr()
    assert told.out == f"app:1-{X86}\n"
    assert "wrong-arch" in told.err and "app:9-r36.4.0" in told.err


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--prefer", "registry,local"], f"acme/app:2-{X86}"),
        (["--disable", "local"], f"acme/app:2-{X86}"),
        (["--prefer", "local"], f"app:1-{X86}"),
    ],
)
def test_sources(
    options: list[str], expected: str, lists: tuple[str, ...], capsys: Capture
) -> None:
    assert main(["autotag", "app", *lists, *options]) == 0
    assert capsys.readouterr().out == f"{expected}\n"


def test_the_reference_is_written_where_it_is_wanted(
    lists: tuple[str, ...], tmp_path: Path
) -> None:
    assert main(["autotag", "-q", "app", *lists, "-o", str(tmp_path / "chosen")]) == 0
    assert (tmp_path / "chosen").read_text() == f"app:1-{X86}\n"


def test_nothing_compatible(lists: tuple[str, ...], capsys: Capture) -> None:
    assert main(["autotag", "app:3", *lists]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert f"  app:1-{X86}: wrong-version" in told.err
    assert "hint: a build for this machine is not possible either: unknown package" in told.err
    # --quiet is for remarks: that there is nothing is still said
    assert main(["autotag", "app:3", *lists, "--quiet"]) == 1
    assert capsys.readouterr().err == told.err


def test_json(lists: tuple[str, ...], capsys: Capture) -> None:
    assert main(["autotag", "app", *lists, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["format"] == 1
    assert document["image"] == f"app:1-{X86}"
    assert document["target"]["name"] == "x86-cu130"
    assert document["facts"]["system"] == {"value": "x86_64", "source": "target x86-cu130"}
    assert [(item["image"], item["accepted"]) for item in document["candidates"]] == [
        (f"app:1-{X86}", True),
        (f"acme/app:2-{X86}", True),
        ("app:9-r36.4.0", False),
    ]


def test_a_gpu_that_the_image_does_not_run_on_is_named(
    lists: tuple[str, ...], tmp_path: Path, capsys: Capture
) -> None:
    rows = "580.65.06, NVIDIA L4, 8.9\n580.65.06, Tesla V100-SXM2-16GB, 7.0\n"
    evidence = {"format": 1, "machine": "x86_64", "commands": {SMI_QUERY: rows}}
    (tmp_path / "two.json").write_text(json.dumps(evidence))
    words = ["app", *lists[2:], "--facts", str(tmp_path / "two.json")]
    left = "does not run on Tesla V100-SXM2-16GB (sm_70), only on the other GPUs"
    for options in ([], ["--explain", "--quiet"], ["--why-not", f"app:1-{X86}"]):
        assert main(["autotag", *words, *options]) == 0
        told = capsys.readouterr()
        assert told.out == f"app:1-{X86}\n" and left in told.err
    assert main(["autotag", *words, "--json"]) == 0
    (chosen, *_) = json.loads(capsys.readouterr().out)["candidates"]
    assert chosen["accepted"] and chosen["unserved_gpus"] == ["Tesla V100-SXM2-16GB"]


def test_an_image_for_jetson_on_a_server_comes_last_and_is_said(
    tmp_path: Path, capsys: Capture
) -> None:
    smi = {SMI_QUERY: "580.95.05, NVIDIA GB10, 12.1\n"}
    facts, images = tmp_path / "spark.json", tmp_path / "images.json"
    facts.write_text(json.dumps({"format": 1, "machine": "aarch64", "commands": smi}))
    words = ["autotag", "app", "--facts", str(facts), "--local-images", str(images)]
    jetson, servers = "app:2-r38.4.0-cu130-24.04", "app:1-sbsa-cu130-24.04"
    for there, chosen, unsure in (([jetson, servers], servers, False), ([jetson], jetson, True)):
        images.write_text(json.dumps([{"reference": text} for text in there]))
        assert main(words) == 0
        told = capsys.readouterr()
        assert told.out == f"{chosen}\n"
        assert ("whether it holds code for sm_121 is unknown" in told.err) == unsure


def test_a_machine_without_a_target(
    lists: tuple[str, ...], tmp_path: Path, capsys: Capture
) -> None:
    """No build is for it, whatever `--prefer` says; no target of others is called its own."""
    smi = "nvidia-smi --query-gpu=driver_version,name,compute_cap --format=csv,noheader"
    facts = {
        "format": 1,
        "machine": "x86_64",
        "commands": {smi: "418.67, Tesla V100-SXM2-16GB, 7.0\n"},
    }
    (tmp_path / "facts.json").write_text(json.dumps(facts))
    words = ["autotag", "app", "--facts", str(tmp_path / "facts.json"), *lists[2:]]
    assert main([*words, "--prefer", "registry,build"]) == 1
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("error: no image of app runs on this machine\n")
    assert "hint: a build for this machine is not possible either: " in told.err
    assert "driver" in told.err.rpartition("hint: ")[2] and "x86-cu" not in told.err
    assert main([*words, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["target"] is None
    assert main([*words, "--offline", "--why-not", "app:1-amd64-cu130"]) == 1
    assert capsys.readouterr().err.startswith("app:1-amd64-cu130 does not fit this machine; ")


@pytest.mark.parametrize(
    "words",
    [
        ["a b"],
        ["app", "--prefer", "shop"],
        ["app", "--why-not", "BAD REF"],
        ["app", "--why-not", ""],
        ["app", "--target", "nowhere"],
        ["app", "--local-images", "/nonexistent"],
        ["app", "--facts", "/nonexistent"],
    ],
)
def test_wrong_usage(words: list[str], capsys: Capture) -> None:
    lists = [] if "--local-images" in words else ["--local-images", "/dev/null"]
    target = [] if {"--target", "--facts"} & {*words} else ["--target", "x86-cu130"]
    assert main(["autotag", *words, *lists, *target]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("error: ")


def test_without_an_engine(
    lists: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    engine = ("--target", "x86-cu130", "--offline")
    assert main(["autotag", "app", *engine]) == 3
    assert "does not answer" in capsys.readouterr().err
    # what is found elsewhere is found
    assert main(["autotag", "app", *engine, *lists[4:]]) == 0
    assert capsys.readouterr().out == f"acme/app:2-{X86}\n"
    assert main(["run", "image"]) == 3
    assert capsys.readouterr().out == ""


def test_it_starts_without_what_it_does_not_need(lists: tuple[str, ...]) -> None:
    """It runs inside ``$(...)``: clients of registries and engines are for when they are asked."""
    words = ["autotag", "app", *lists, "--explain"]
    script = (
        "import sys; from jetson_containers.cli.main import main; "
        f"code = main({words!r}); print(sorted({{'requests', 'docker', 'rich', "
        "'jetson_containers.package.loader'} & {*sys.modules}), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"app:1-{X86}\n")
    assert done.stderr.splitlines()[-1] == "[]"
