"""minference: a source distribution, compiled for the target's GPUs."""

from packages.python.pip_index.index import gpu_list, wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "0.1.6.0",
            "wheels": ["minference==0.1.6.0"],
            "build": True,
            "when": {"python": ">=3.10"},
            "args": {"TORCH_CUDA_ARCH_LIST": gpu_list(target)},
        },
    ],
)
