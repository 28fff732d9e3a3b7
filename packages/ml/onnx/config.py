"""ONNX."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "1.23.2",
            "wheels": ["onnx==1.23.2"],
            "when": {"python": ">=3.10"},
        },
    ],
)
