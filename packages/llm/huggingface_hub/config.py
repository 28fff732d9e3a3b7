"""The Hub's client: transformers before 5 asks for one before 1.0."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "1.33.0",
            "wheels": ["huggingface-hub==1.33.0"],
            "when": {"python": ">=3.10"},
        },
        {
            "version": "0.36.2",
            "wheels": ["huggingface-hub==0.36.2"],
            "when": {"python": ">=3.8"},
        },
    ],
)
