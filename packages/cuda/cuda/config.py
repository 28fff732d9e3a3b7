"""CUDA from NVIDIA's wheels, at the versions that PyTorch of the same CUDA asks for."""

from packages.python.pip_index.index import wheel_packages

#: the same in every 13.0 toolkit below
COMMON = [
    "nvidia-cuda-nvcc==13.0.88",
    "nvidia-cuda-crt==13.0.88",
    "nvidia-nvvm==13.0.88",
    "nvidia-cuda-cccl==13.0.85",
    "nvidia-nvjitlink==13.0.88",
]
#: what PyTorch asks for, and the compiler
PARTS = "cublas,cudart,cufft,cufile,cupti,curand,cusolver,cusparse,nvcc,nvjitlink,nvrtc,nvtx"

architectures = [str(item) for item in target.gpu_architectures]

package = wheel_packages(
    package,
    target,
    [
        {
            "version": version,
            "wheels": [f"cuda-toolkit[{PARTS}]=={release}", *COMMON],
            "when": {"cuda": "==13.0"},
            "args": {"CUDA_MAJOR": "13"},
            "test": ["13.0", *architectures],
        }
        # 2.13 and 2.14 ask for 13.0.3, 2.11 for 13.0.2
        for version, release in (("13.0.3", "13.0.3.0"), ("13.0.2", "13.0.2"))
    ],
)
