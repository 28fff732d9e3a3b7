"""genai-bench."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "0.0.5",
            "wheels": ["genai-bench==0.0.5"],
            "when": {"python": ">=3.10,<3.13"},
            "depends": ["huggingface_hub>=1", "transformers:5.19.0"],
        },
    ],
)
