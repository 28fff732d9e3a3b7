from packages.ml.frame.version import FRAME_VERSION, STABLE
from packaging.version import Version

from jetson_containers import CUDA_ARCHITECTURES, IS_SBSA


def frame(version, requires=None):
    pkg = package.copy()
    pkg["name"] = f"frame:{version}"
    pkg["alias"] = [f"fr:{version}"]
    pkg["build_args"] = {
        "FRAME_VERSION": version,
        "ARCH_LIST": ";".join(f"{item / 10:.1f}" for item in CUDA_ARCHITECTURES),
        "IS_SBSA": IS_SBSA,
    }
    if requires:
        pkg["requires"] = requires
    builder = pkg.copy()
    builder["name"] += "-builder"
    builder["alias"] = [f"fr:{version}-builder"]
    if Version(version) == FRAME_VERSION:
        pkg["alias"].extend(["frame", "fr"])
        builder["alias"].append("frame:builder")
    return pkg, builder


package = [frame(version) for version in STABLE] + [
    frame("3.0", requires=">=cu130"),
    frame("1.0", requires="<36"),
]
