"""xFormers: x86_64 only, and compiled for CUDA 13."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "0.0.35",
            "wheels": ["xformers==0.0.35"],
            "when": {"system": "x86_64", "python": ">=3.10"},
        },
    ],
)
