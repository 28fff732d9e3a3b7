"""SGLang: its releases, and what each pins.

A row names, as packages, the versions that the release's metadata asks for. On CUDA 12 and on
Jetson the accelerator wheels are named or numbered otherwise than that metadata says: ``instead``
and ``without`` are exactly those differences.
"""

from packages.python.pip_index.index import matches, wheel_packages

SERVER = ["x86_64", "sbsa"]
CUDA130 = {"cuda": "==13.0", "system": SERVER}
CUDA132 = {"cuda": "==13.2", "system": "sbsa"}
CUDA129 = {"cuda": "==12.9", "system": SERVER}
CUDA128 = {"cuda": "==12.8", "system": SERVER}
JETSON = {"system": "tegra", "l4t": ">=36.4,<37", "cuda": "==12.6"}

arm = target.arch == "aarch64"
orin = target.gpu_architectures == (87,)
jetson = matches(target, JETSON)
cuda129 = matches(target, CUDA129)

#: kernels for Hopper and Blackwell alone: no wheel for sm_87, and nothing there to run them
SERVER_KERNELS = ["sgl-deep-gemm", "sgl-deep-ep", "sgl-flash-mla", "tokenspeed-mla"]

#: torch-memory-saver 0.0.9 has no wheel for Arm
saver = "0.0.10" if arm else "0.0.9"
instead_of_saver = ["torch-memory-saver==0.0.10"] if arm else []

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "0.5.23",
            "wheels": ["sglang==0.5.23", "llguidance==1.9.1", "mistral-common==1.13.1"],
            "when": {**CUDA130, "python": ">=3.11,<3.14"},
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
        {
            "version": "0.5.22",
            "wheels": ["sglang==0.5.22", "llguidance==1.9.1", "mistral-common==1.13.1"],
            "when": {**CUDA130, "python": ">=3.11,<3.14"},
            "depends": [
                "pytorch:2.14.1",
                "torchvision:0.29.2",
                "torchaudio:2.11.0",
                "torch-memory-saver:0.0.10",
                "sgl-kernel:0.4.9",
                "flashinfer:0.7.1",
                "flash-attention:4.0.0b36",
                "transformers:5.19.0",
                "xgrammar:0.2.7",
            ],
            # A pre-release without wheels; this is what it became.
            "instead": ["cuda-tile==1.6.0"],
        },
        {
            "version": "0.5.21",
            "wheels": ["sglang==0.5.21", "llguidance==1.9.1", "mistral-common==1.12.0"],
            "when": [
                {**CUDA130, "python": ">=3.10,<3.14"},
                {**CUDA132, "python": ">=3.10,<3.14"},
            ],
            "depends": [
                "pytorch:2.13.0",
                "torchvision:0.28.0",
                "torchaudio:2.11.0",
                "torch-memory-saver:0.0.10",
                "sgl-kernel:0.4.7",
                "flashinfer:0.6.18",
                "flash-attention:4.0.0b18",
                "transformers:5.12.1",
                "xgrammar:0.2.7",
            ],
            "instead": ["cuda-tile==1.6.0"],
            "without": SERVER_KERNELS if orin else [],
        },
        {
            "version": "0.5.15",
            "wheels": [
                "sglang==0.5.15",
                "compressed-tensors==0.18.0",
                "llguidance==0.7.30",
                "mistral-common==1.12.0",
                *(["sgl-deep-gemm==0.1.5rc3"] if cuda129 else []),
            ],
            "when": [
                {**CUDA130, "python": ">=3.10,<3.14"},
                {**CUDA129, "python": ">=3.10,<3.14"},
                {**JETSON, "python": "==3.10"},
            ],
            "depends": [
                "pytorch:2.11.0",
                "torchvision:0.26.0",
                "torchaudio:2.10.0" if jetson else "torchaudio:2.11.0",
                "torchao:0.17.0",
                "torch-memory-saver:0.0.10",
                "sgl-kernel:0.4.4",
                "flashinfer:0.6.12",
                "flash-attention:4.0.0b15",
                "transformers:5.12.1",
                "xgrammar:0.2.1",
            ],
            "instead": [
                # Without the extra that asks for another CUDA's compiler, see flashinfer.
                "cuda-tile==1.3.0",
                # The metadata names the CUDA 13 half of each.
                *(
                    [
                        "cuda-python==12.9.0",
                        "nvidia-cutlass-dsl==4.5.2",
                        "flashinfer-python==0.6.12",
                    ]
                    if target.cuda.major == 12
                    else []
                ),
                # What the index for CUDA 12.9 has of it.
                *(["sgl-deep-gemm==0.1.5rc3"] if cuda129 else []),
                *(["torchaudio==2.10.0"] if jetson else []),
            ],
            "without": [
                *(SERVER_KERNELS if jetson else []),
                # The default index's is for CUDA 13; videos are decoded by decord then.
                *(["torchcodec"] if cuda129 else []),
            ],
        },
        {
            "version": "0.5.10.post1",
            "wheels": [
                "sglang==0.5.10.post1",
                "compressed-tensors==0.15.0.1",
                "llguidance==0.7.30",
                "mistral-common==1.9.1",
            ],
            "when": [
                {**CUDA129, "python": ">=3.10,<3.14"},
                {**CUDA128, "python": ">=3.10,<3.14"},
                {**JETSON, "python": "==3.10"},
            ],
            "depends": [
                "pytorch:2.9.1",
                "torchvision:0.24.1",
                "torchaudio:2.9.1",
                "torchao:0.9.0",
                f"torch-memory-saver:{saver}",
                "sgl-kernel:0.4.1",
                "flashinfer:0.6.7.post3",
                "flash-attention:4.0.0b36",
                "cutlass:4.8.1",
                "transformers:5.3.0",
                "xgrammar:0.1.32",
            ],
            "instead": instead_of_saver,
            "without": ["torchcodec"] if cuda129 else [],
        },
        {
            "version": "0.5.9",
            "wheels": [
                "sglang==0.5.9",
                "compressed-tensors==0.15.0.1",
                "llguidance==0.7.30",
                "quack-kernels==0.2.4",
            ],
            "when": [
                {**CUDA129, "python": ">=3.10,<3.14"},
                {**CUDA128, "python": ">=3.10,<3.14"},
                {**JETSON, "python": "==3.10"},
            ],
            "depends": [
                "pytorch:2.9.1",
                "torchvision:0.24.1",
                "torchaudio:2.9.1",
                "torchao:0.9.0",
                f"torch-memory-saver:{saver}",
                "sgl-kernel:0.3.21",
                "flashinfer:0.6.3",
                "cutlass:4.3.5",
                "transformers:4.57.1",
                "xgrammar:0.1.27",
            ],
            "instead": instead_of_saver,
            "without": ["torchcodec"] if cuda129 else [],
        },
    ],
)
