#!/bin/sh
# test.sh MAJOR: the system's cuDNN has that major version.
set -eu
python3 - "$1" <<'END'
import ctypes
import sys

library = ctypes.CDLL("libcudnn.so.%s" % sys.argv[1])
library.cudnnGetVersion.restype = ctypes.c_size_t
found = library.cudnnGetVersion()
# 8907 is 8.9.7, 90300 is 9.3.0.
major = found // (10000 if found >= 90000 else 1000)
assert major == int(sys.argv[1]), "cuDNN is %d, not of %s" % (found, sys.argv[1])
print("cuDNN", found)
END
