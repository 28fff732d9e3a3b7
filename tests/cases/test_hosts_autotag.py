"""Hosts as recorded evidence: which image is offered on each, how a container is started,
and what the doctor says.

The cases are those of ``test_hosts.py``; ``registry_snapshot`` means the saved listing of 752
published tags beside them.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from jetson_containers.cli.main import main
from jetson_containers.platform.evidence import Evidence
from jetson_containers.platform.read import SMI_QUERY

SHARED = Path(__file__).parents[3] / "shared"
LISTING = SHARED / "data" / "dockerhub-dustynv.json"
CASES = sorted((SHARED / "cases" / "hosts").glob("*.json"))


def expecting(*kinds: str) -> list[Any]:
    """The cases that expect something of these kinds."""
    found = [
        pytest.param(case, id=path.stem)
        for path in CASES
        for case in [json.loads(path.read_text(encoding="utf-8"))]
        if any(kind in case["expect"] for kind in kinds)
    ]
    return found or [pytest.param(None, id=f"none in {SHARED.parent.name}")]


def written(folder: Path, case: Any) -> tuple[str, str]:
    """Files with the evidence and the local images of a case."""
    if case is None:
        pytest.skip(f"this checkout has no {SHARED}")
    facts, images = folder / "facts.json", folder / "images.json"
    facts.write_text(json.dumps(case["evidence"]), encoding="utf-8")
    images.write_text(json.dumps(case["request"]["local_images"]), encoding="utf-8")
    return str(facts), str(images)


@pytest.mark.parametrize("case", expecting("autotag", "refused"))
def test_autotag(case: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts, images = written(tmp_path, case)
    words = ["autotag", *case["request"]["packages"], "--facts", facts, "--local-images", images]
    if case["request"]["registry_snapshot"]:
        words += ["--registry-snapshot", str(LISTING)]
    expect = case["expect"].get("autotag", {})

    code = main(words)
    told = capsys.readouterr().out
    assert code == expect.get("exit", code)
    if "image" in expect:
        assert told == (f"{expect['image']}\n" if expect["image"] else "")
    assert told.strip() not in expect.get("not", [])

    assert main([*words, "--json"]) == code
    document = json.loads(capsys.readouterr().out)
    assert (document["image"] or "") == told.strip()
    by_name = {item["image"]: item for item in document["candidates"]}
    for refused in case["expect"].get("refused", []):
        verdict = by_name[refused["image"]]
        assert not verdict["accepted"]
        assert [reason["code"] for reason in verdict["reasons"]] == refused["reasons"]


@pytest.mark.parametrize(
    ("driver", "distro", "gpu", "chosen"),
    [
        # CUDA 12.4, which cannot be had on Ubuntu 24.04
        ("550.54.15", "ubuntu 24.04", "8.9", "app:2-cuda-12.8"),
        # CUDA 13 no longer knows V100
        ("580.65.06", "ubuntu 24.04", "7.0", "app:2-cuda-12.8"),
        # below all toolkits
        ("418.67", "fedora 30", "7.0", "app:1-cuda-10.1"),
    ],
)
def test_an_image_is_found_where_no_target_fits_exactly(
    driver: str, distro: str, gpu: str, chosen: str,
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    name, release = distro.split()
    evidence = Evidence(
        "x86_64",
        files={"/etc/os-release": f"ID={name}\nVERSION_ID={release}\n"},
        commands={SMI_QUERY: f"{driver}, NVIDIA GPU, {gpu}\n"},
    )
    tags = ("3-cuda-13.0", "2-cuda-12.8", "1-cuda-10.1")
    images = [{"reference": f"app:{tag}", "architecture": "amd64"} for tag in tags]
    facts, local = tmp_path / "facts.json", tmp_path / "images.json"
    facts.write_text(evidence.to_json())
    local.write_text(json.dumps(images))
    words = ["autotag", "app", "--prefer", "local", "--facts", str(facts)]
    assert main([*words, "--local-images", str(local)]) == 0
    assert capsys.readouterr().out == f"{chosen}\n"


@pytest.mark.parametrize("case", expecting("run"))
def test_run(case: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts, _ = written(tmp_path, case)
    assert main(["run", "--dry-run", "--facts", facts, "image"]) == 0
    line = capsys.readouterr().out
    words = line.split()
    for word in case["expect"]["run"].get("contains", []):
        assert word in words
    for word in case["expect"]["run"].get("lacks", []):
        assert word not in line


@pytest.mark.parametrize("case", expecting("doctor"))
def test_doctor(case: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts, _ = written(tmp_path, case)
    main(["doctor", "--facts", facts])
    told = capsys.readouterr().out
    for word in case["expect"]["doctor"]["mentions"]:
        assert word in told
