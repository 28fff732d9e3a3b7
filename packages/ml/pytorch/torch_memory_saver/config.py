"""torch-memory-saver: 0.0.9 has no wheel for Arm."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "0.0.10",
            "wheels": ["torch-memory-saver==0.0.10"],
        },
        {
            "version": "0.0.9",
            "wheels": ["torch-memory-saver==0.0.9"],
            "when": {"arch": "x86_64"},
        },
    ],
)
