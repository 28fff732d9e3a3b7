from __future__ import annotations

import pytest

from jetson_containers.errors import DefinitionError, Location, UsageError
from jetson_containers.package.grammar import is_reference, matches_target, parse_requirement


@pytest.mark.parametrize(
    ("text", "accepted", "refused"),
    [
        ("torch", ["2.8", "text", None], []),
        ("torch:2.8", ["2.8"], ["2.8.0", "2.8-builder"]),
        ("torch>=2.8,<2.10", ["2.8", "2.9.1"], ["2.10", "2.7", "humble"]),
        ("torch ~= 2.8", ["2.8", "2.12"], ["3.0"]),
        ("torch!=2.9.0", ["2.9.1"], ["2.9"]),
        ("ros:humble-desktop", ["humble-desktop"], ["humble"]),
    ],
)
def test_a_requirement_accepts_versions(text, accepted, refused):
    requirement = parse_requirement(text)
    assert [version for version in accepted if not requirement.accepts(version)] == []
    assert [version for version in refused if requirement.accepts(version)] == []


def test_a_colon_in_a_foreign_version_reads_as_a_dash():
    assert parse_requirement("codec:0.12-torch:2.12").exact == "0.12-torch-2.12"


@pytest.mark.parametrize(
    "text", ["", "../x", "a b", "torch>=", "torch>=x.y", ":2.8", "torch:", "torch:2.*", "/etc"]
)
def test_other_text_is_refused_with_a_hint(text):
    with pytest.raises(UsageError) as caught:
        parse_requirement(text)
    assert "name:version" in caught.value.hint


def test_an_error_in_a_file_says_where():
    with pytest.raises(DefinitionError) as caught:
        parse_requirement("a b", Location("/tree/x/Dockerfile", 4))
    assert str(caught.value).startswith("/tree/x/Dockerfile:4: ")


@pytest.mark.parametrize("text", ["../../x", "a/b", "", ".hidden", "a:", "a:../b", "-a"])
def test_a_name_cannot_lead_out_of_a_directory(text):
    assert not is_reference(text)


HOLDS = {
    ">=36": "orin sbsa debian",
    ">=r36": "orin sbsa debian",
    "==36.*": "orin",
    "<36": "xavier",
    ">=34.1.0": "orin xavier sbsa debian",
    ">=35,<36": "xavier",
    ">=cu124": "orin sbsa debian",
    "<cu128": "orin xavier",
    "==cu126": "orin",
    "cu12": "orin",
    ">=cu1310": "",
    ">=py310": "orin sbsa debian",
    "==py312": "sbsa",
    "22.04": "orin",
    "==24.04": "sbsa",
    "!=22.04": "xavier sbsa debian",
    ">=22.04": "orin sbsa",
    "aarch64": "orin xavier sbsa",
    "arm64": "orin xavier sbsa",
    "==aarch64": "orin xavier sbsa",
    "!=aarch64": "debian",
    "x86_64": "debian",
    "amd64": "debian",
    "tegra-aarch64": "orin xavier",
    "!=tegra-aarch64": "sbsa debian",
    "sbsa": "sbsa",
    "debian": "debian",
    "debian12": "debian",
    "==debian13": "",
    "debian>=12": "debian",
    "!=debian": "orin xavier sbsa",
    "ubuntu": "orin xavier sbsa",
    "ubuntu22.04": "orin",
    ">=36,>=cu130": "sbsa debian",
}


@pytest.mark.parametrize("text", HOLDS)
def test_requires_holds_on(text, targets):
    verdicts = {name: matches_target(text, target) for name, target in targets.items()}
    assert [name for name, verdict in verdicts.items() if verdict] == HOLDS[text].split()
    assert all(verdict.reason for verdict in verdicts.values() if not verdict)


def test_a_failing_requires_says_what_is_needed_and_what_is_there(targets):
    assert matches_target(">=cu130", targets["orin"]).reason == ("needs CUDA >=13.0, orin has 12.6")
    assert "stands in for it" in matches_target("<36", targets["sbsa"]).reason


@pytest.mark.parametrize("text", ["", "36", ">=", "cuda", ">=aarch64", ">=cuX", "~~36", "py"])
def test_unreadable_requires(text, orin):
    with pytest.raises(DefinitionError) as caught:
        matches_target(text, orin)
    assert ">=36" in caught.value.hint
