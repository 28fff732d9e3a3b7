"""``--facts FILE`` on the verbs that ask for a machine."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from jetson_containers.cli.main import VERBS, main
from jetson_containers.platform.read import SMI_QUERY

#: verbs that are about no machine: this program's own, its documentation and its records, the
#: engine here and the images in it
NO_USE = {"docs", "engine", "version", "resume", "report", "prune"} | {
    *("test", "push", "pull", "sbom"),
}
ORIN = "NVIDIA Jetson AGX Orin Developer Kit\0"


@pytest.mark.parametrize("verb", sorted(set(VERBS) - NO_USE))
def test_a_verb_that_asks_for_a_machine_takes_a_recorded_one(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with contextlib.suppress(SystemExit):  # argparse ends the program after its help
        main([verb, "--help"])
    assert "--facts FILE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xdf\x00\xff", "it is no text"),
        (b"{", "are not JSON"),
        (b"[" * 100_000, "are not JSON"),
        (b'{"format": 9}', "format 9"),
    ],
)
@pytest.mark.parametrize("words", [["targets"], ["autotag", "app", "--offline"]])
def test_recorded_facts_that_cannot_be_read(
    content: bytes, says: str, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "facts.json"
    path.write_bytes(content)
    assert main([*words, "--facts", str(path)]) == 2
    told = capsys.readouterr()
    assert says in told.err and str(path) in told.err and not told.out


def test_a_jetson_whose_l4t_is_not_told_is_given_no_target(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"/etc/nv_tegra_release": "", "/proc/device-tree/model": ORIN}
    path = tmp_path / "facts.json"
    path.write_text(json.dumps({"format": 1, "machine": "aarch64", "files": files}))
    assert main(["targets", "--facts", str(path)]) == 2
    told = capsys.readouterr().err
    assert "L4T is not known" in told and "--target" in told


def test_an_unlisted_l4t_is_said_to_be_inferred(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"/etc/nv_tegra_release": "# R36 (release), REVISION: 7.1, GCID: 1\n"}
    path = tmp_path / "facts.json"
    path.write_text(json.dumps({"format": 1, "machine": "aarch64", "files": files}))
    assert main(["targets", "--facts", str(path)]) == 0
    assert "inferred: its L4T is not in the table, 36.5.0 stands for it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["NVIDIA New, 13.0"], ["sm_130 is left out: sm_130 is not in the table"]),
        # an older CUDA knows both
        (["NVIDIA L4, 8.9", "Tesla V100-SXM2-16GB, 7.0"], []),
        (["NVIDIA L4, 8.9", "Tesla K80, 3.7"], ["sm_37 is left out: sm_37 is not in the table"]),
        (["NVIDIA L4, 8.9"], []),
    ],
)
def test_a_gpu_that_the_targets_cuda_does_not_know_is_said(
    rows: list[str], said: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    smi = {SMI_QUERY: "".join(f"580.65.06, {row}\n" for row in rows)}
    path = tmp_path / "facts.json"
    path.write_text(json.dumps({"format": 1, "machine": "x86_64", "commands": smi}))
    assert main(["targets", "--host", "--facts", str(path)]) == 0
    assert capsys.readouterr().err.splitlines() == said
