from jetson_containers import CUDA_VERSION, IS_TEGRA, package_requires


def stack_args(level):
    return {"STACK_LEVEL": level, "STACK_CUDA": CUDA_VERSION, "STACK_TEGRA": IS_TEGRA}


def stack(name, level):
    pkg = package.copy()
    pkg["name"] = f"stack:{name}"
    pkg["build_args"] = stack_args(level)
    return pkg


# other definitions import stack_args: then there is no package here
if "package" in globals():
    small, large = stack("small", 1), stack("large", 2)
    small["alias"] = "stack"
    package_requires([large], system_arch="aarch64")
    package = [[small], (large,)]
