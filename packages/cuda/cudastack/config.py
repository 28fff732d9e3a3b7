"""cuDNN: the wheel that each PyTorch asks for; on Jetson the one of its JetPack."""

from packages.python.pip_index.index import matches, wheel_packages

#: (L4T, version, packages) of NVIDIA's repository for Jetson
JETSON = [
    (">=36.4,<37", "9.3.0", ["libcudnn9-cuda-12=9.3.0.75-1", "libcudnn9-dev-cuda-12=9.3.0.75-1"]),
    ("<36.4", "8.9.4", ["libcudnn8=8.9.4.25-1+cuda12.2", "libcudnn8-dev=8.9.4.25-1+cuda12.2"]),
]
#: what the base images of older L4T carry
BUILTIN = {35: "8.6.0", 34: "8.3.2", 32: "8.2.1"}

if target.system != "tegra":
    package = wheel_packages(
        package,
        target,
        [
            {
                "version": version,
                "wheels": [f"nvidia-cudnn-cu{major}=={version}"],
                "when": {"cuda": f">={major},<{major + 1}"},
                "test": [f"nvidia-cudnn-cu{major}", version],
            }
            for version, major in (
                ("9.24.0.43", 13),
                ("9.20.0.48", 13),
                ("9.19.0.56", 13),
                ("9.10.2.21", 12),
            )
        ],
    )
elif target.l4t.major >= 36:
    [(_, version, names)] = [row for row in JETSON if matches(target, {"l4t": row[0]})]
    package = {
        **package,
        "name": f"cudnn:{version}",
        "alias": "cudnn",
        "dockerfile": "Dockerfile.apt",
        "depends": ["cuda", "python"],
        "secrets": ["ca-bundle"],
        "build_args": {"CUDNN_PACKAGES": " ".join(names)},
        "test": f"sh /test/test.sh {version[0]}",
    }
else:
    version = BUILTIN[target.l4t.major]
    package = {
        **package,
        "name": f"cudnn:{version}",
        "alias": "cudnn",
        "dockerfile": "Dockerfile.builtin",
        "depends": ["cuda"],
        "secrets": [],
        "test": f"sh /test/test.sh {version[0]}",
    }
