"""The bake files of a small tree are what was reviewed."""

from __future__ import annotations

import pytest

from tests.golden.bake_files import CASES, FOLDER, golden


@pytest.mark.parametrize("name", CASES)
def test_the_bake_file_is_the_reviewed_one(name):
    expected = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert golden(name) == expected, "reviewed? then run: python -m tests.golden.bake_files"
