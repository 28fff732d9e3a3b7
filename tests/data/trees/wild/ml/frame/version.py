from packaging.version import Version

from jetson_containers import CUDA_VERSION

if CUDA_VERSION.major >= 13:
    FRAME_VERSION = Version("2.0")
else:
    FRAME_VERSION = Version("1.9")
