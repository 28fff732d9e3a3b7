"""FlashInfer: each SGLang pins one; what it compiles itself at run time fits one CUTLASS DSL.

``cubin`` says whether its own wheel of compiled kernels belongs to it; ``frontend`` and ``tile``
are cuDNN's front end and CUDA's tile language, which it asks for without naming a version. 0.6.12
names its extra ``tileiras``, which asks for another CUDA's compiler: it gets the language alone.
"""

from packages.python.pip_index.index import wheel_packages

#: version, CUDA, CUTLASS DSL, cubin, frontend, tile
RELEASES = [
    ("0.7.2", ">=13", "4.8.0", False, "1.32.0", "1.7.0"),
    ("0.7.1", ">=13", "4.8.0", False, "1.32.0", "1.6.0"),
    ("0.6.18", ">=13", "4.6.2", False, "1.31.0", "1.6.0"),
    ("0.6.12", ">=12.6", "4.5.2", True, "1.28.0", "1.3.0"),
    ("0.6.7.post3", ">=12.6,<13", "4.8.1", True, "1.32.0", "1.7.0"),
    ("0.6.3", ">=12.6,<13", "4.3.5", True, "1.28.0", ""),
]

package = wheel_packages(
    package,
    target,
    [
        {
            "version": version,
            "wheels": [
                f"flashinfer-python=={version}",
                *([f"flashinfer-cubin=={version}"] if cubin else []),
                f"nvidia-cudnn-frontend=={frontend}",
                *([f"cuda-tile=={tile}"] if tile else []),
            ],
            "when": {"cuda": when, "python": ">=3.10"},
            "instead": [f"cuda-tile=={tile}"] if version == "0.6.12" else [],
            "depends": [f"cutlass:{cutlass}"],
        }
        for version, when, cutlass, cubin, frontend, tile in RELEASES
    ],
)
