"""Ninja."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {"version": "1.13.2", "wheels": ["ninja==1.13.2"], "when": {"python": ">=3.8"}},
    ],
)
