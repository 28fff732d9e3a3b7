"""PyTorch, at the versions that SGLang pins, with the CUDA libraries and Triton each asks for."""

from packages.python.pip_index.index import wheel_packages

cuda = f"{target.cuda.major}.{target.cuda.minor}"

package = wheel_packages(
    package,
    target,
    [
        {
            "version": version,
            "wheels": [f"torch=={version}"],
            "when": {"cuda": bound},
            "depends": depends,
            "test": [version, cuda],
        }
        for version, bound, depends in (
            (
                "2.14.1",
                "==13.0",
                ["triton:3.8.0", "cuda:13.0.3", "cudnn:9.24.0.43", "cuda-python:13.4.4"],
            ),
            (
                "2.13.0",
                "==13.0",
                ["triton:3.7.1", "cuda:13.0.3", "cudnn:9.20.0.48", "cuda-python:13.4.4"],
            ),
            (
                "2.11.0",
                "==13.0",
                ["triton:3.6.0", "cuda:13.0.2", "cudnn:9.19.0.56", "cuda-python:13.4.4"],
            ),
        )
    ],
)
