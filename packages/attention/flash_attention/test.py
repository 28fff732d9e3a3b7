"""The pinned version is installed and imports.

test.py DISTRIBUTION MODULE VERSION
"""

import ctypes
import sys
from importlib import import_module
from importlib.metadata import version

distribution, module, expected = sys.argv[1:]
assert version(distribution) == expected, version(distribution)
if module == "flash_attn":  # compiled: generation 2 links the driver's library
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        print("deferred: flash_attn needs libcuda.so.1, which comes with the driver")
        sys.exit(77)
import_module(module)
print(distribution, expected)
