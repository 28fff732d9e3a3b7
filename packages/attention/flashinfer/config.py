"""FlashInfer: each SGLang pins one, with the cuDNN front end and tile compiler that fit it."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "0.7.2",
            "wheels": [
                "flashinfer-python==0.7.2",
                "nvidia-cudnn-frontend==1.32.0",
                "cuda-tile==1.7.0",
            ],
            "depends": ["cutlass:4.8.0"],
            "when": {"cuda": ">=13,<14"},
        },
        {
            "version": "0.7.1",
            "wheels": [
                "flashinfer-python==0.7.1",
                "nvidia-cudnn-frontend==1.32.0",
                "cuda-tile==1.6.0rc5",
            ],
            "depends": ["cutlass:4.8.0"],
            "when": {"cuda": ">=13,<14"},
        },
        {
            "version": "0.6.18",
            "wheels": [
                "flashinfer-python==0.6.18",
                "nvidia-cudnn-frontend==1.31.0",
                "cuda-tile==1.6.0rc5",
            ],
            "depends": ["cutlass:4.6.2"],
            "when": {"cuda": ">=13,<14"},
        },
        {
            "version": "0.6.12",
            "wheels": [
                "flashinfer-python==0.6.12",
                "flashinfer-cubin==0.6.12",
                "nvidia-cudnn-frontend==1.28.0",
                "cuda-tile==1.3.0",
            ],
            "depends": ["cutlass:4.5.2"],
            "when": {"cuda": ">=13,<14"},
        },
        {
            "version": "0.6.7.post3",
            "wheels": [
                "flashinfer-python==0.6.7.post3",
                "flashinfer-cubin==0.6.7.post3",
                "nvidia-cudnn-frontend==1.32.0",
                "cuda-tile==1.7.0",
            ],
            "depends": ["cutlass:4.8.1"],
        },
        {
            "version": "0.6.3",
            "wheels": [
                "flashinfer-python==0.6.3",
                "flashinfer-cubin==0.6.3",
                "nvidia-cudnn-frontend==1.28.0",
            ],
            "depends": ["cutlass:4.3.5"],
        },
    ],
)
