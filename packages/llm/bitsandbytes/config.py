"""bitsandbytes: one wheel holds the kernels of CUDA 11 to 13."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "0.50.2",
            "wheels": ["bitsandbytes==0.50.2"],
            "when": {"python": ">=3.10"},
        },
    ],
)
