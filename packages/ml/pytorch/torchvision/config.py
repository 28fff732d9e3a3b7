"""torchvision goes with one PyTorch."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "0.29.2",
            "wheels": ["torchvision==0.29.2"],
            "depends": ["pytorch:2.14.1"],
        },
        {
            "version": "0.28.0",
            "wheels": ["torchvision==0.28.0"],
            "depends": ["pytorch:2.13.0"],
        },
        {
            "version": "0.26.0",
            "wheels": ["torchvision==0.26.0"],
            "depends": ["pytorch:2.11.0"],
        },
        {
            "version": "0.24.1",
            "wheels": ["torchvision==0.24.1"],
            "depends": ["pytorch:2.9.1"],
        },
        {
            "version": "0.23.0",
            "wheels": ["torchvision==0.23.0"],
            "depends": ["pytorch:2.8.0"],
        },
        {
            "version": "0.17.2",
            "wheels": ["torchvision==0.17.2+c1d70fe"],
            "depends": ["pytorch:2.2.0"],
        },
    ],
)
