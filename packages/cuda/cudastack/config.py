"""cuDNN: the version that each PyTorch asks for."""

from packages.python.pip_index.index import wheel_packages

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
