"""vLLM: the newest that stands on a PyTorch that SGLang also pins, so that they share stages."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "0.32.0",
            "wheels": ["vllm==0.32.0"],
            "when": {"cuda": "==13.0", "python": ">=3.11,<3.14"},
            "depends": [
                "pytorch:2.13.0",
                "torchvision:0.28.0",
                "torchaudio:2.11.0",
                "transformers:5.19.0",
                "xgrammar:0.2.8",
            ],
        },
    ],
)
