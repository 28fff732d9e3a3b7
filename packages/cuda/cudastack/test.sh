#!/bin/sh
# test.sh MAJOR: the system's cuDNN has that major version.
set -eu
python3 - "$1" <<'END'
import ctypes
import sys

library = ctypes.CDLL("libcudnn.so.%s" % sys.argv[1])
library.cudnnGetVersion.restype = ctypes.c_size_t
print("cuDNN", library.cudnnGetVersion())
END
