"""torchaudio: 2.11 uses the stable interface of every PyTorch from 2.11 on."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "2.11.0",
            "wheels": ["torchaudio==2.11.0"],
            "depends": ["pytorch>=2.11"],
        },
        {
            "version": "2.10.0",
            "wheels": ["torchaudio==2.10.0"],
            "depends": ["pytorch:2.11.0"],
            "when": {"system": "tegra"},
        },
        {
            "version": "2.9.1",
            "wheels": ["torchaudio==2.9.1"],
            "depends": ["pytorch:2.9.1"],
        },
        {
            "version": "2.2.2",
            "wheels": ["torchaudio==2.2.2+cefdb36"],
            "depends": ["pytorch:2.2.0"],
        },
    ],
)
