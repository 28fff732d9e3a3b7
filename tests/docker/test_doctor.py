"""``doctor`` beside a real engine: what it says of it, and that a record replays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jetson_containers.cli.main import main
from jetson_containers.engine.address import EngineAddress

pytestmark = pytest.mark.docker


def test_the_engine_that_answers_is_judged_and_recorded(
    engine: EngineAddress, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = tmp_path / "machine.json"
    code = main(["doctor", "--offline", "--json", "--record", str(record)])
    here = json.loads(capsys.readouterr().out)
    told = here["facts"]["engine"]["value"]
    assert told["server_version"] and "runc" in told["runtimes"]
    assert told["more"]["data_root_free"] > 0 and told["more"]["storage_driver"]
    said = {item["check"]: item for item in here["findings"]}
    assert told["server_version"] in said["engine"]["message"]
    assert told["more"]["data_root"] in said["free-space"]["message"]
    assert said["storage-driver"]["severity"] in ("ok", "warning")

    assert main(["doctor", "--facts", str(record), "--json"]) == code
    replayed = json.loads(capsys.readouterr().out)
    assert replayed["facts"] == here["facts"]
    assert replayed["findings"] == here["findings"]
