"""The pinned version is installed; it is imported where the driver"s library is there."""

import ctypes
import importlib
import sys
from importlib.metadata import version

distribution, expected = sys.argv[1:]
assert version(distribution) == expected, version(distribution)

try:
    ctypes.CDLL("libcuda.so.1")
except OSError:
    print("deferred: sgl_kernel needs libcuda.so.1, which comes with the driver")
    sys.exit(77)

for name in ["sgl_kernel"]:
    importlib.import_module(name)
print(distribution, expected)
