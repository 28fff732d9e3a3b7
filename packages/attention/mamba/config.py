"""mamba: a source distribution, compiled for the target's GPUs."""

from packages.python.pip_index.index import gpu_list, wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "2.3.2.post1",
            "wheels": ["mamba-ssm==2.3.2.post1"],
            "build": True,
            "when": {"python": ">=3.10"},
            "args": {"TORCH_CUDA_ARCH_LIST": gpu_list(target)},
        },
    ],
)
