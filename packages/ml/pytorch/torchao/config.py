"""torchao."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "0.18.0",
            "wheels": ["torchao==0.18.0"],
            "when": {"python": ">=3.10"},
        },
        {
            "version": "0.17.0",
            "wheels": ["torchao==0.17.0"],
            "when": {"python": ">=3.10"},
        },
        {
            "version": "0.9.0",
            "wheels": ["torchao==0.9.0"],
            "when": {"python": ">=3.10"},
        },
    ],
)
