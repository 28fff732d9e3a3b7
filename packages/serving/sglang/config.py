"""SGLang: its releases, and what each pins.

A release's row names the versions that its metadata asks for. On CUDA 12 and on Jetson the
accelerator wheels are named or numbered otherwise than that metadata says: ``instead`` and
``without`` are exactly those differences. On Python 3.13 NumPy is the only one that has it.
"""

from packages.python.pip_index.index import matches, wheel_packages

CUDA13 = {"cuda": "==13.0", "system": ["x86_64", "sbsa"]}
CUDA132 = {"cuda": "==13.2", "system": "sbsa"}
CUDA129 = {"cuda": "==12.9", "system": ["x86_64", "sbsa"]}
CUDA128 = {"cuda": "==12.8", "system": ["x86_64", "sbsa"]}
JETSON = {"system": "tegra", "l4t": ">=36.4,<37", "cuda": "==12.6"}
ORIN = {"gpu": 87}
ARM = {"arch": "aarch64"}

#: no wheel for sm_87: FlashMLA's and DeepSeek's kernels need Hopper or Blackwell
SERVER_KERNELS = ["sgl-deep-gemm", "sgl-deep-ep", "sgl-flash-mla", "tokenspeed-mla"]


def release(version, torch, vision, kernel, flashinfer, attention, transformers, xgrammar, **more):
    """One row: the package's versions that this SGLang pins, under our names."""
    audio = more.pop("audio", "2.11.0")
    saver = more.pop("saver", "0.0.10")
    extra = more.pop("depends", [])
    return {
        "version": version,
        "wheels": [f"sglang=={version}", *more.pop("wheels", [])],
        "depends": [
            f"pytorch:{torch}",
            f"torchvision:{vision}",
            f"torchaudio:{audio}",
            f"torch-memory-saver:{saver}",
            f"sgl-kernel:{kernel}",
            f"flashinfer:{flashinfer}",
            *([f"flash-attention:{attention}"] if attention else []),
            f"transformers:{transformers}",
            f"xgrammar:{xgrammar}",
            *extra,
        ],
        **more,
    }


def on(condition, *values):
    """The values where the condition holds for the target."""
    return list(values) if matches(target, condition) else []


jetson = matches(target, JETSON)
cuda12 = target.cuda.major == 12

#: what every release for CUDA 13 asks for and CUDA 12 has under another name
CUDA12_INSTEAD = [
    "cuda-python==12.9.0",
    "nvidia-cutlass-dsl==4.5.2",
    "flashinfer-python==0.6.12",
]

package = wheel_packages(
    package,
    target,
    [
        release(
            "0.5.23",
            "2.14.1",
            "0.29.2",
            "0.4.10",
            "0.7.2",
            "4.0.0b36",
            "5.19.0",
            "0.2.7",
            when={**CUDA13, "python": ">=3.11,<3.14"},
            wheels=["llguidance==1.9.1", "mistral-common==1.13.1"],
        ),
        release(
            "0.5.22",
            "2.14.1",
            "0.29.2",
            "0.4.9",
            "0.7.1",
            "4.0.0b36",
            "5.19.0",
            "0.2.7",
            when={**CUDA13, "python": ">=3.11,<3.14"},
            wheels=["llguidance==1.9.1", "mistral-common==1.13.1"],
        ),
        release(
            "0.5.21",
            "2.13.0",
            "0.28.0",
            "0.4.7",
            "0.6.18",
            "4.0.0b18",
            "5.12.1",
            "0.2.7",
            when=[
                {**CUDA13, "python": ">=3.10,<3.14"},
                {**CUDA132, "python": ">=3.10,<3.14"},
            ],
            wheels=["llguidance==1.9.1", "mistral-common==1.13.1"],
            without=on(ORIN, *SERVER_KERNELS),
        ),
        release(
            "0.5.15",
            "2.11.0",
            "0.26.0",
            "0.4.4",
            "0.6.12",
            "4.0.0b15",
            "5.12.1",
            "0.2.1",
            audio="2.10.0" if jetson else "2.11.0",
            when=[
                {**CUDA13, "python": ">=3.10,<3.14"},
                {**CUDA129, "python": ">=3.10,<3.14"},
                {**JETSON, "python": "==3.10"},
            ],
            wheels=["compressed-tensors==0.20.0", "llguidance==0.7.30", "mistral-common==1.13.1"],
            depends=["torchao:0.17.0"],
            instead=[
                *(CUDA12_INSTEAD if cuda12 else []),
                *(["torchaudio==2.10.0"] if jetson else []),
                *on(CUDA129, "sgl-deep-gemm==0.1.5rc3"),
            ],
            without=SERVER_KERNELS if jetson else [],
        ),
        release(
            "0.5.10.post1",
            "2.9.1",
            "0.24.1",
            "0.4.1",
            "0.6.7.post3",
            "4.0.0b36",
            "5.3.0",
            "0.1.32",
            audio="2.9.1",
            saver="0.0.10" if target.arch == "aarch64" else "0.0.9",
            when=[
                {**CUDA129, "python": ">=3.10,<3.14"},
                {**CUDA128, "python": ">=3.10,<3.14"},
                {**JETSON, "python": "==3.10"},
            ],
            wheels=["compressed-tensors==0.15.0.1", "llguidance==0.7.30", "mistral-common==1.9.1"],
            depends=["torchao:0.9.0", "cutlass:4.8.1"],
            instead=on(ARM, "torch-memory-saver==0.0.10"),
        ),
        release(
            "0.5.9",
            "2.9.1",
            "0.24.1",
            "0.3.21",
            "0.6.3",
            None,
            "4.57.1",
            "0.1.27",
            audio="2.9.1",
            saver="0.0.10" if target.arch == "aarch64" else "0.0.9",
            when=[
                {**CUDA129, "python": ">=3.10,<3.14"},
                {**CUDA128, "python": ">=3.10,<3.14"},
                {**JETSON, "python": "==3.10"},
            ],
            wheels=["compressed-tensors==0.15.0.1", "llguidance==0.7.30"],
            depends=["torchao:0.9.0", "cutlass:4.3.5"],
            instead=on(ARM, "torch-memory-saver==0.0.10"),
        ),
    ],
)
