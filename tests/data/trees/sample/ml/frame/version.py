import os

from packaging.version import Version

from jetson_containers import L4T_VERSION

STABLE = ["2.1", "2.2"]

if os.environ.get("FRAME_VERSION"):
    FRAME_VERSION = Version(os.environ["FRAME_VERSION"])
elif L4T_VERSION.major >= 36:
    FRAME_VERSION = Version("2.2")
else:
    FRAME_VERSION = Version("2.1")
