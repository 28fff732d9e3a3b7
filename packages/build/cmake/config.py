"""CMake."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {"version": "4.4.4", "wheels": ["cmake==4.4.4"], "when": {"python": ">=3.8"}},
    ],
)
