"""Tokenizers."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "0.23.2",
            "wheels": ["tokenizers==0.23.2"],
            "when": {"python": ">=3.10"},
        },
        {
            "version": "0.22.2",
            "wheels": ["tokenizers==0.22.2"],
            "when": {"python": ">=3.9"},
        },
    ],
)
