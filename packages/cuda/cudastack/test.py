"""The pinned cuDNN is installed, loads, and says its version.

test.py DISTRIBUTION VERSION
"""

import ctypes
import sys
from importlib.metadata import files, version

distribution, expected = sys.argv[1:]
assert version(distribution) == expected, version(distribution)
[library] = [item for item in files(distribution) or [] if item.name == "libcudnn.so.9"]
found = ctypes.CDLL(str(library.locate())).cudnnGetVersion()
major, minor, patch = (int(part) for part in expected.split(".")[:3])
assert found == major * 10000 + minor * 100 + patch, found
print("cuDNN", expected)
