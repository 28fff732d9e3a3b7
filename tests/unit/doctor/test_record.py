"""Records: nothing in them tells whose machine it is, and they replay to the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from jetson_containers.doctor.diagnose import diagnose
from jetson_containers.doctor.gather import gather_evidence
from jetson_containers.doctor.record import without_identity, write_evidence
from jetson_containers.platform.evidence import Evidence
from tests.golden.doctor import host_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on tower-7 runs", "on name runs"),
        ("TOWER-7.", "name."),
        ("by alice: /srv/alice/x", "by name: /srv/name/x"),
        ("alices malice", "alices malice"),
        ("/home/bob/.local", "/home/user/.local"),
        ("link 00:1A:2b:3c:4d:5e up", "link 00:00:00:00:00:00 up"),
        (
            "GPU-d17572cc-10a2-4a90-04a1-4ea64aac04b2",
            "GPU-00000000-0000-0000-0000-000000000000",
        ),
        ("Serial Number : 1423220012345", "Serial Number : 0"),
        ("serial: ABC", "serial: 0"),
        ("nvidia ubuntu 36.4.3-20250107174145", "nvidia ubuntu 36.4.3-20250107174145"),
    ],
)
def test_what_tells_of_somebody_is_taken_out(text: str, expected: str) -> None:
    dirty = Evidence("x86_64", text, {"/a": text}, {"b": text}, {"c": text, "d": [text], "e": 1})
    clean = without_identity(dirty, ["tower-7", "alice", "nvidia", "ubuntu", "ab", ""])
    assert clean.kernel == expected
    assert clean.files == {"/a": expected}
    assert clean.commands == {"b": expected}
    assert clean.engine == {"c": expected, "d": [expected], "e": 1}


def test_without_names_only_numbers_are_taken_out() -> None:
    evidence = Evidence("x86_64", "6.8", {"/a": "b"})
    assert without_identity(evidence, []) == evidence


def test_a_record_of_this_machine_replays_to_the_same_facts_and_findings(tmp_path: Path) -> None:
    here = gather_evidence({"DOCKER_HOST": f"unix://{tmp_path}/nobody.sock", "HOME": str(tmp_path)})
    recorded = without_identity(here, ["this-host", "this-user"])
    write_evidence(tmp_path / "m.json", recorded)
    replayed = Evidence.from_json((tmp_path / "m.json").read_text(encoding="utf-8"))
    assert replayed == recorded
    assert host_of(replayed).facts.to_dict() == host_of(here).facts.to_dict()
    before, after = diagnose(host_of(here)), diagnose(host_of(replayed))
    assert [(item.check, item.severity) for item in before] == [
        (item.check, item.severity) for item in after
    ]


def test_a_record_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.json"
    write_evidence(path, Evidence("x86_64"))
    before = path.read_bytes()

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_evidence(path, Evidence("aarch64"))
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["m.json"]
