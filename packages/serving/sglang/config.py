"""SGLang: each release pins most of what it stands on."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "0.5.23",
            "wheels": ["sglang==0.5.23"],
            "when": {"cuda": "==13.0", "python": ">=3.11,<3.14"},
            "depends": [
                "pytorch:2.14.1",
                "torchvision:0.29.2",
                "torchaudio:2.11.0",
                "torch-memory-saver:0.0.10",
                "sgl-kernel:0.4.10",
                "flashinfer:0.7.2",
                "flash-attention:4.0.0b36",
                "transformers:5.19.0",
                "xgrammar:0.2.7",
            ],
        },
    ],
)
