"""What runs beside the container ends with it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jetson_containers.cli.run_cameras import missing, start_cameras
from jetson_containers.launch.cameras import Cameras
from jetson_containers.launch.command import LaunchError

SCRIPT = """
import os, sys
from pathlib import Path
from jetson_containers.cli.run_cameras import start_beside
pid = start_beside(["sleep", "600"], Path(sys.argv[1]), dict(os.environ))
print(pid, flush=True)
os.execvp(sys.argv[2], sys.argv[2:])
"""


@pytest.mark.parametrize("end", ["exit", "kill"])
def test_a_pipeline_ends_with_the_process_that_this_one_became(end: str, tmp_path: Path) -> None:
    became = ["true"] if end == "exit" else ["sleep", "600"]
    argv = [sys.executable, "-c", SCRIPT, str(tmp_path / "log"), *became]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        number = int(process.stdout.readline())
        handle = os.pidfd_open(number)
        if end == "kill":
            assert Path(f"/proc/{number}/stat").exists()
            process.send_signal(signal.SIGKILL)
        process.wait(20)
    ended, _, _ = select.select([handle], [], [], 20)
    os.close(handle)
    assert ended


def test_everything_that_is_missing_is_said_at_once() -> None:
    said = [str(error) for error in missing({"PATH": "/nonexistent"})]
    assert any("v4l-utils" in text for text in said)
    assert any("gstreamer1.0-tools" in text for text in said)


@pytest.mark.skipif(os.geteuid() != 0, reason="others prepare with sudo")
def test_a_preparation_that_fails_stops_before_any_pipeline(tmp_path: Path) -> None:
    pipeline = ("touch", str(tmp_path / "started"))
    cameras = Cameras((("false",),), (pipeline,), frozenset(), ("/dev/video9",))
    with pytest.raises(LaunchError, match="false failed"):
        start_cameras(cameras, tmp_path / "logs", {})
    assert list(tmp_path.iterdir()) == []
