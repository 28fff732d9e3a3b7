"""Transformers: each SGLang pins one, and each asks for its tokenizers and Hub client."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "5.19.0",
            "wheels": ["transformers==5.19.0"],
            "when": {"python": ">=3.10"},
            "depends": ["tokenizers:0.23.2", "huggingface_hub>=1"],
        },
        {
            "version": "5.12.1",
            "wheels": ["transformers==5.12.1"],
            "when": {"python": ">=3.10"},
            "depends": ["tokenizers:0.22.2", "huggingface_hub>=1"],
        },
        {
            "version": "5.3.0",
            "wheels": ["transformers==5.3.0"],
            "when": {"python": ">=3.10"},
            "depends": ["tokenizers:0.22.2", "huggingface_hub>=1"],
        },
        {
            "version": "4.57.1",
            "wheels": ["transformers==4.57.1"],
            "when": {"python": ">=3.9"},
            "depends": ["tokenizers:0.22.2", "huggingface_hub<1"],
        },
    ],
)
