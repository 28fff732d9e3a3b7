"""What is told before anything is built."""

from __future__ import annotations

from pathlib import Path

from jetson_containers.engine.preflight import disk_error


def test_a_full_disk_names_the_verb_that_frees_space() -> None:
    error = disk_error(Path("/var/lib/docker"), 1_000_000_000, 2_000_000_000)
    assert "`jetson-containers prune`" in error.hint
    assert "--min-free" in error.hint
    assert "image prune" not in error.hint
