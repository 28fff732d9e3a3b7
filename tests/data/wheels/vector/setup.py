"""``GPUS=87;110 pip wheel .`` compiles the kernel for these architectures, and PTX of the last."""

import os
import subprocess
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

CUDA = os.environ.get("CUDA_HOME", "/usr/local/cuda")
GPUS = os.environ["GPUS"].split(";")


class Nvcc(build_ext):
    def build_extension(self, extension):
        output = Path(self.get_ext_fullpath(extension.name))
        output.parent.mkdir(parents=True, exist_ok=True)
        forms = {gpu: f"sm_{gpu}" for gpu in GPUS}
        forms[GPUS[-1]] = f"[sm_{GPUS[-1]},compute_{GPUS[-1]}]"
        subprocess.check_call(
            [
                *(f"{CUDA}/bin/nvcc", "-shared", "-O2", "-Xcompiler", "-fPIC"),
                *(f"-gencode=arch=compute_{gpu},code={form}" for gpu, form in forms.items()),
                *("-I", sysconfig.get_path("include"), "-I", f"{CUDA}/include"),
                *("-L", f"{CUDA}/lib"),
                *("-o", str(output), *extension.sources),
            ]
        )


setup(
    name="vector",
    version="1.0",
    ext_modules=[Extension("vector", ["vector.cu"])],
    cmdclass={"build_ext": Nvcc},
)
