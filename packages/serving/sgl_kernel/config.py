"""SGLang's kernels: each is compiled against one PyTorch."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "0.4.10",
            "wheels": ["sglang-kernel==0.4.10"],
            "depends": ["pytorch:2.14.1"],
            "test": ["sglang-kernel", "0.4.10"],
        },
        {
            "version": "0.4.9",
            "wheels": ["sglang-kernel==0.4.9"],
            "depends": ["pytorch:2.14.1"],
            "test": ["sglang-kernel", "0.4.9"],
        },
        {
            "version": "0.4.7",
            "wheels": ["sglang-kernel==0.4.7"],
            "depends": ["pytorch:2.13.0"],
            "test": ["sglang-kernel", "0.4.7"],
        },
        {
            "version": "0.4.4",
            "wheels": ["sglang-kernel==0.4.4"],
            "depends": ["pytorch:2.11.0"],
            "test": ["sglang-kernel", "0.4.4"],
        },
        {
            "version": "0.4.1",
            "wheels": ["sglang-kernel==0.4.1"],
            "depends": ["pytorch:2.9.1"],
            "test": ["sglang-kernel", "0.4.1"],
        },
        {
            "version": "0.3.21",
            "wheels": ["sgl-kernel==0.3.21"],
            "depends": ["pytorch:2.9.1"],
            "test": ["sgl-kernel", "0.3.21"],
        },
    ],
)
