#!/bin/sh
# test.sh CUDA ARCHITECTURES...: the compiler is of that CUDA and compiles for each architecture.
set -eu
cuda=$1
shift
found=$(nvcc --version)
echo "$found" | grep -F "release $cuda,"
work=$(mktemp -d)
cat >"$work/a.cu" <<'END'
#include <cuda_runtime.h>
#include <cstdio>
__global__ void add(int *x) { atomicAdd(x, 1); }
int main() {
    int version = 0;
    cudaRuntimeGetVersion(&version);
    std::printf("runtime %d\n", version);
    return 0;
}
END
flags=
for architecture in "$@"; do
    flags="$flags -gencode arch=compute_$architecture,code=sm_$architecture"
done
# shellcheck disable=SC2086
nvcc $flags -o "$work/a" "$work/a.cu"
"$work/a"
