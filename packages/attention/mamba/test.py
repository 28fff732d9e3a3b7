"""The pinned version is installed; it is imported where the driver's library is there."""

import ctypes
import sys
from importlib import import_module
from importlib.metadata import version

expected = sys.argv[1]
assert version("mamba-ssm").partition("+")[0] == expected, version("mamba-ssm")
try:
    ctypes.CDLL("libcuda.so.1")
except OSError:
    print("deferred: mamba_ssm needs libcuda.so.1, which comes with the driver")
    sys.exit(77)
import_module("mamba_ssm")
print("mamba-ssm", expected)
