"""causalconv1d: a source distribution, compiled for the target's GPUs."""

from packages.python.pip_index.index import gpu_list, wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "1.7.0",
            "wheels": ["causal-conv1d==1.7.0"],
            "build": True,
            "when": {"python": ">=3.10"},
            "args": {"TORCH_CUDA_ARCH_LIST": gpu_list(target)},
        },
    ],
)
