"""Triton: each PyTorch asks for one version."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {"version": "3.8.0", "wheels": ["triton==3.8.0"]},
        {"version": "3.7.1", "wheels": ["triton==3.7.1"]},
        {"version": "3.6.0", "wheels": ["triton==3.6.0"]},
        {"version": "3.5.1", "wheels": ["triton==3.5.1"]},
    ],
)
