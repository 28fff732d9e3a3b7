"""PyTorch: the releases that SGLang pins, and the ones NVIDIA made for older Jetsons.

``depends`` holds what a release's metadata asks for: by naming the versions here, nothing that an
earlier stage installed is replaced.
"""

import os

from packages.python.pip_index.index import wheel_packages

cuda = f"{target.cuda.major}.{target.cuda.minor}"
REDIST = "https://developer.download.nvidia.com/compute/redist/jp"

CUDA13 = ["cuda-python:13.4.4"]
SERVER = ["x86_64", "sbsa"]

#: release, where, what it asks for
RELEASES = [
    (
        "2.14.1",
        {"cuda": "==13.0"},
        ["triton:3.8.0", "cuda:13.0.3", "cudnn:9.24.0.43", *CUDA13],
    ),
    (
        "2.13.0",
        {"cuda": "==13.0"},
        ["triton:3.7.1", "cuda:13.0.3", "cudnn:9.20.0.48", *CUDA13],
    ),
    (
        "2.13.0",
        {"cuda": "==13.2"},
        ["triton:3.7.1", "cuda:13.2.1", "cudnn:9.20.0.48", *CUDA13],
    ),
    (
        "2.11.0",
        {"cuda": "==13.0"},
        ["triton:3.6.0", "cuda:13.0.2", "cudnn:9.19.0.56", *CUDA13],
    ),
    ("2.11.0", {"cuda": ">=12.8,<13", "system": SERVER}, ["triton:3.6.0"]),
    ("2.9.1", {"cuda": ">=12.8,<13", "system": SERVER}, ["triton:3.5.1", "cudnn:9.10.2.21"]),
    ("2.11.0", {"system": "tegra", "cuda": "==12.6"}, ["triton:3.6.0", "cudnn"]),
    ("2.9.1", {"system": "tegra", "cuda": "==12.6"}, ["triton:3.5.1", "cudnn"]),
    ("2.8.0", {"system": "tegra", "cuda": ">=12.6"}, ["cudnn"]),
    ("2.2.0", {"system": "tegra", "l4t": ">=35,<36"}, ["cudnn"]),
]
#: NVIDIA's own builds, where the Jetson index has none: version, its file, where
REDISTRIBUTED = [
    (
        "2.4.0a0+07cecf4168.nv24.05",
        "v60/pytorch/torch-2.4.0a0+07cecf4168.nv24.05.14710581-cp310-cp310-linux_aarch64.whl",
        {"l4t": ">=36,<36.4", "python": "==3.10"},
    ),
    (
        "1.11.0a0+17540c5",
        "v461/pytorch/torch-1.11.0a0+17540c5+nv22.01-cp36-cp36m-linux_aarch64.whl",
        {"l4t": ">=32.6,<33", "python": "==3.6"},
    ),
]

rows = [
    *(
        {
            "version": version,
            "wheels": [f"torch=={version}"],
            "when": when,
            "depends": depends,
            "test": [version, cuda],
        }
        for version, when, depends in RELEASES
    ),
    *(
        {
            "version": version.partition("+")[0],
            "wheels": [f"{REDIST}/{file}"],
            "when": when,
            "depends": ["cudnn"],
            "test": [version.partition("+")[0], cuda],
        }
        for version, file, when in REDISTRIBUTED
    ),
]

# The ecosystem's setting: the version, in full or its first parts, that `pytorch` shall mean.
wanted = os.environ.get("PYTORCH_VERSION", "")
rows.sort(key=lambda row: bool(wanted) and not f"{row['version']}.".startswith(f"{wanted}."))
if wanted and not f"{rows[0]['version']}.".startswith(f"{wanted}."):
    raise ValueError(f"PYTORCH_VERSION={wanted} is none of {[row['version'] for row in rows]}")

package = wheel_packages(package, target, rows)
