"""The words at the end of a build."""

from __future__ import annotations

from pathlib import Path

from jetson_containers.cli.logs import RunLogs
from jetson_containers.cli.summary import summary
from jetson_containers.engine.record import RunRecord


def test_images_that_fail_fast_left_without_tests_are_named(tmp_path: Path) -> None:
    def told(*unnamed: str) -> str:
        record = RunRecord((), (), (), (), 5.0, unnamed)
        return summary(record, RunLogs(tmp_path, {}), "jetson-containers")

    words = "not tested and not named after the first failure (--fail-fast)"
    assert f"  {words}: p1:amd64 p2:amd64" in told("p1:amd64", "p2:amd64").splitlines()
    assert words not in told()
