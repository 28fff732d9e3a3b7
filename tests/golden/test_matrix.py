"""The table of 752 published tags and 14 hosts is what was reviewed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.golden.matrix import DATA, FILE, cell, golden, hosts, published, verdicts

SHARED = Path(__file__).parents[3] / "shared"

#: host -> the L4T releases, to the minor version, of the published images that run on it
RUNS = {
    "orin-3630-host-cuda-is-not-the-container": "36.2 36.3",
    "orin-no-host-cuda": "36.2 36.3",
    "orin-3640": "36.4",
    "orin-3647": "36.4",
    "orin-3650-runtime": "36.4",
    "orin-nano-jp62": "36.4",
    "orin-r35-pytorch": "35.1 35.2 35.3 35.4",
    "orin-stage-not-offered": "35.1 35.2 35.3 35.4",
    "r35-host-refuses-r36": "35.1 35.2 35.3 35.4",
    "thor-nano_llm": "",
    "thor-says-tegra-is-sbsa": "",
    "tx2-pytorch": "32.7",
    "x86-12-driver-refuses-13": "none",
    "x86-refuses-arm64": "none",
}


def test_the_matrix_is_the_reviewed_one() -> None:
    expected = FILE.read_text(encoding="utf-8")
    assert golden() == expected, "reviewed? then run: python -m tests.golden.matrix"


def test_every_pair_has_a_verdict_and_every_refusal_a_reason() -> None:
    assert len(verdicts()) == len(published()) * len(hosts()) == 752 * 14
    for candidate in verdicts().values():
        assert candidate.accepted or all(reason.message for reason in candidate.reasons)
        assert cell(candidate)


@pytest.mark.parametrize("host", RUNS)
def test_the_l4t_of_what_runs(host: str) -> None:
    accepted = {ref for (ref, name), verdict in verdicts().items() if name == host
                and verdict.accepted}  # fmt: skip
    named = [re.search(r"r(\d\d\.\d)", reference) for reference in accepted]
    assert {match[1] if match else "none" for match in named} == set(RUNS[host].split())


def test_the_copies_are_those_of_the_cases() -> None:
    if not SHARED.exists():
        pytest.skip(f"this checkout has no {SHARED}")
    found = (SHARED / "cases" / "hosts").glob("*.json")
    cases = [json.loads(path.read_text(encoding="utf-8")) for path in found]
    copies = json.loads((DATA / "hosts.json").read_text(encoding="utf-8"))
    assert {case["name"]: case["evidence"] for case in cases} == copies
    listing = json.loads((SHARED / "data" / "dockerhub-dustynv.json").read_text("utf-8"))
    references = {
        f"{repository['namespace']}/{repository['name']}:{tag['name']}"
        for repository in listing
        for tag in repository["tags"]
    }
    assert references == {listed.reference for listed in published()}
