"""Triton: each PyTorch asks for one version; its wheels bring their own assembler."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": version,
            "wheels": [f"triton=={version}"],
            "when": {"cuda": when, "python": ">=3.10"},
        }
        for version, when in (
            ("3.8.0", "==13.0"),
            ("3.7.1", ">=13"),
            ("3.6.0", ">=12.6"),
            ("3.5.1", ">=12.6,<13"),
        )
    ],
)
