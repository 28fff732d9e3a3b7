"""CUDA: NVIDIA's wheels where they hold a compiler (13), its Debian packages else, or the base."""

from packages.python.pip_index.index import matches, wheel_packages

cuda = f"{target.cuda.major}.{target.cuda.minor}"
dashed = cuda.replace(".", "-")
architectures = [str(item) for item in target.gpu_architectures]

#: what PyTorch asks for, and the compiler
PARTS = "cublas,cudart,cufft,cufile,cupti,curand,cusolver,cusparse,nvcc,nvjitlink,nvrtc,nvtx"

#: toolkit, its distribution's version, and what the toolkit leaves open or SGLang asks for beside
#: it. PyTorch 2.13 and 2.14 ask for 13.0.3, 2.11 for 13.0.2, 2.13 for CUDA 13.2 for 13.2.1.
TOOLKITS = [
    ("13.0.3", "13.0.3.0", "13.0", {"nvcc": "13.0.88", "cccl": "13.0.85"}),
    ("13.0.2", "13.0.2", "13.0", {"nvcc": "13.0.88", "cccl": "13.0.85"}),
    ("13.2.1", "13.2.1", "13.2", {"nvcc": "13.2.78", "cccl": "13.2.75"}),
]

#: NVIDIA's repository per distribution and system
REPOSITORIES = {
    ("ubuntu:22.04", "x86_64"): "ubuntu2204/x86_64",
    ("ubuntu:22.04", "sbsa"): "ubuntu2204/sbsa",
    ("ubuntu:22.04", "tegra"): "ubuntu2204/aarch64",
    ("ubuntu:24.04", "x86_64"): "ubuntu2404/x86_64",
    ("ubuntu:24.04", "sbsa"): "ubuntu2404/sbsa",
    ("debian:12", "x86_64"): "debian12/x86_64",
}

COMPILER = [
    f"cuda-nvcc-{dashed}",
    f"cuda-cudart-dev-{dashed}",
    f"cuda-nvrtc-dev-{dashed}",
    f"cuda-cccl-{dashed}",
]
#: what PyTorch's wheels for Jetson link and do not bring
JETSON = [
    f"cuda-libraries-{dashed}",
    f"cuda-libraries-dev-{dashed}",
    f"cuda-cupti-{dashed}",
    f"cuda-nvtx-{dashed}",
    "libcudss0-cuda-12",
    "libcusparselt0",
    "libopenblas0",
]

repository = REPOSITORIES.get((f"{target.distro}:{target.release}", target.system))
single = {**package, "name": f"cuda:{cuda}", "alias": "cuda"}
single["test"] = f"sh /test/test.sh {' '.join([cuda, *architectures])}"

if matches(target, {"cuda": ">=13"}):
    package = wheel_packages(
        package,
        target,
        [
            {
                "version": version,
                "wheels": [
                    f"cuda-toolkit[{PARTS}]=={release}",
                    f"nvidia-cuda-nvcc=={pins['nvcc']}",
                    f"nvidia-cuda-crt=={pins['nvcc']}",
                    f"nvidia-nvvm=={pins['nvcc']}",
                    f"nvidia-nvjitlink=={pins['nvcc']}",
                    f"nvidia-cuda-cccl=={pins['cccl']}",
                ],
                "when": {"cuda": f"=={series}"},
                "args": {"CUDA_MAJOR": "13"},
                "test": [cuda, *architectures],
            }
            for version, release, series, pins in TOOLKITS
        ],
    )
elif target.system == "tegra" and target.l4t.major < 36:
    # a later CUDA needs the compatibility package on L4T 35, which nothing here brings
    builtin = {
        **single,
        "dockerfile": "Dockerfile.builtin",
        "depends": ["build-essential", "python"],
        "secrets": [],
    }
    package = builtin if cuda == ("10.2" if target.l4t.major == 32 else "11.4") else None
elif repository:
    package = {
        **single,
        "dockerfile": "Dockerfile.apt",
        "depends": ["build-essential", "python"],
        "secrets": ["ca-bundle"],
        "build_args": {
            "REPOSITORY": repository,
            "CUDA_PACKAGES": " ".join(COMPILER + (JETSON if target.system == "tegra" else [])),
        },
    }
else:
    package = None
