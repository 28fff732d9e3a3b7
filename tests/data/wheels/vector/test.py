"""The extension is there; its kernel is run where there is a GPU."""

import ctypes
import sys

import vector

try:
    ctypes.CDLL("libcuda.so.1")
except OSError:
    print("deferred: a kernel needs libcuda.so.1, which comes with the driver")
    sys.exit(77)
assert vector.add(1.5, 2.0, 1 << 20) == 3.5
