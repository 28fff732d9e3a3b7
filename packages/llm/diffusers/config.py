"""Diffusers."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "0.42.1",
            "wheels": ["diffusers==0.42.1"],
            "when": {"python": ">=3.11"},
        },
    ],
)
