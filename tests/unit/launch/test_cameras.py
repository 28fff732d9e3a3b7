"""CSI cameras as webcams: which commands, on which devices."""

import pytest

from jetson_containers.errors import UsageError
from jetson_containers.launch.cameras import Mode, parse_mode, plan_cameras
from jetson_containers.launch.command import LaunchError

CAPTURE, OUTPUT = Mode(1640, 1232, 30), Mode(1280, 720, 25)


@pytest.mark.parametrize("text", ["", "1x1", "1x1@", "0x1@1", "1x1@1 ", "a", "-1x1@1", "1X1@1"])
def test_a_wrong_resolution_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--csi-output-res"):
        parse_mode(text, "--csi-output-res")


def test_a_resolution() -> None:
    assert parse_mode("1640x1232@30", "--x") == CAPTURE
    assert str(OUTPUT) == "1280x720@25"


def test_each_camera_feeds_a_webcam_of_its_own() -> None:
    present = ["/dev/video0", "/dev/video1", "/dev/video3", "/dev/snd"]
    plan = plan_cameras(["/dev/video1", "/dev/video0"], present, [], capture=CAPTURE, output=OUTPUT)
    assert [" ".join(words) for words in plan.prepare] == [
        "systemctl restart nvargus-daemon.service",
        "modprobe v4l2loopback video_nr=4,5 exclusive_caps=1,1 card_label=Cam1,Cam2",
    ]
    assert plan.made == ("/dev/video4", "/dev/video5")
    assert plan.hidden == {"/dev/video0", "/dev/video1"}
    second = " ".join(plan.pipelines[1])
    assert second.startswith("gst-launch-1.0 -v nvarguscamerasrc sensor-id=1 ! video/x-raw(memory")
    assert "width=1640, height=1232, framerate=30/1" in second
    assert second.count("width=1280, height=720") == 2 and second.count("framerate=25/1") == 2
    assert second.endswith("! v4l2sink device=/dev/video5 sync=false")


def test_a_loaded_module_serves_again() -> None:
    loaded = ["/dev/video4", "/dev/video5"]
    plan = plan_cameras(["/dev/video0"], loaded, loaded, capture=CAPTURE, output=OUTPUT)
    assert len(plan.prepare) == 1 and plan.made == ("/dev/video4",)


def test_what_stands_in_the_way_is_said() -> None:
    with pytest.raises(LaunchError, match="no CSI camera"):
        plan_cameras([], [], [], capture=CAPTURE, output=OUTPUT)
    with pytest.raises(LaunchError) as caught:
        plan_cameras(["a1", "a2"], [], ["/dev/video4"], capture=CAPTURE, output=OUTPUT)
    assert "modprobe -r v4l2loopback" in caught.value.hint
