"""The commands of ``run`` on eight kinds of machine are what was reviewed."""

import pytest

from tests.golden.run_commands import CASES, FOLDER, golden


@pytest.mark.parametrize("name", CASES)
def test_the_command_is_the_reviewed_one(name: str) -> None:
    expected = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    assert golden(name) == expected, "reviewed? then run: python -m tests.golden.run_commands"


def test_no_command_tells_a_secret() -> None:
    assert not any("hf_secret" in file.read_text() for file in FOLDER.iterdir())
    assert sorted(file.stem for file in FOLDER.iterdir()) == sorted(CASES)
