from packages.cuda.stack.config import stack_args

from jetson_containers import update_dependencies

from .version import FRAME_VERSION


def frame(version, stack=None, requires=None):
    pkg = package.copy()
    pkg["name"] = f"frame:{version}"
    pkg["build_args"] = {"FRAME_VERSION": version, **stack_args(3)}
    if stack:
        pkg["depends"] = update_dependencies(pkg["depends"], stack)
    if requires:
        pkg["requires"] = requires
    builder = pkg.copy()
    builder["name"] = builder["name"] + "-builder"
    if version == str(FRAME_VERSION):
        pkg["alias"] = "frame"
    return pkg, builder


package = [frame("1.9"), frame("2.0", stack=["stack:large"], requires=["aarch64", ">=cu128"])]
