#!/bin/sh
# link.sh MAJOR: make the wheels' directory a toolkit that compilers and build systems find.
set -eu
root=$(/opt/venv/bin/python -c 'import nvidia; print(list(nvidia.__path__)[0])')/cu$1
ln -sfn "$root" /usr/local/cuda
# Build systems look for lib64, and for the names without a version that a -dev package brings.
ln -sfn lib "$root/lib64"
for library in "$root"/lib/lib*.so.*; do
    name=$(basename "$library")
    link=$root/lib/${name%%.so.*}.so
    [ -e "$link" ] || ln -s "$name" "$link"
done
# The driver's library is found at run time; linking needs a stand-in of its name.
echo "$root/lib" >/etc/ld.so.conf.d/cuda-wheels.conf
ldconfig
