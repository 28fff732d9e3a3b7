"""CUDA's Python bindings; torch from 2.11 on and flashinfer ask for the 13.x ones."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "13.4.4",
            "wheels": ["cuda-python==13.4.4"],
            "when": {"cuda": ">=13,<14", "python": ">=3.10"},
        },
        {
            "version": "12.9.0",
            "wheels": ["cuda-python==12.9.0"],
            "when": {"cuda": ">=12.2,<13", "python": ">=3.9"},
        },
    ],
)
