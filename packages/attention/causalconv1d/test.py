"""The pinned version is installed; it is imported where the driver's library is there."""

import ctypes
import sys
from importlib import import_module
from importlib.metadata import version

expected = sys.argv[1]
assert version("causal-conv1d").partition("+")[0] == expected, version("causal-conv1d")
try:
    ctypes.CDLL("libcuda.so.1")
except OSError:
    print("deferred: causal_conv1d needs libcuda.so.1, which comes with the driver")
    sys.exit(77)
import_module("causal_conv1d")
print("causal-conv1d", expected)
