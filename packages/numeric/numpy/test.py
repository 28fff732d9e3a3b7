"""The pinned version is installed and imports."""

import sys
from importlib.metadata import version

import numpy

expected = sys.argv[1]
assert version("numpy").partition("+")[0] == expected, version("numpy")
assert float(numpy.dot(numpy.ones(3), numpy.arange(3))) == 3.0
print("numpy", expected)
