"""CUTLASS's DSL: each SGLang pins one; its CUDA 13 half is an extra."""

from packages.python.pip_index.index import wheel_packages

extra = "[cu13]" if target.cuda.major >= 13 else ""

package = wheel_packages(
    package,
    target,
    [
        {
            "version": version,
            "wheels": [f"nvidia-cutlass-dsl{extra}=={version}"],
            "when": {"cuda": when, "python": ">=3.10"},
        }
        for version, when in (
            ("4.8.0", ">=13"),
            ("4.6.2", ">=13"),
            ("4.5.2", ">=12.6"),
            ("4.8.1", ">=12.6,<13"),
            ("4.3.5", ">=12.6,<13"),
        )
    ],
)
