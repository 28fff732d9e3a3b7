#!/bin/sh
# build.sh URL REF ARCHITECTURES DIRECTORY: compile SGLang's kernels into a wheel in DIRECTORY.
# ARCHITECTURES: compute capabilities without the dot, separated by semicolons.
set -eu
url=$1
ref=$2
architectures=$3
wheels=$4

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -s /run/secrets/ca-bundle ]; then
    export GIT_SSL_CAINFO=/run/secrets/ca-bundle
fi
git clone --quiet --depth 1 --branch "$ref" --recurse-submodules --shallow-submodules \
    "$url" "$work/sglang"

# The kernels moved inside the repository with 0.4.5.
for place in sgl-kernel python/sglang/kernels/aot; do
    [ -f "$work/sglang/$place/pyproject.toml" ] && source=$work/sglang/$place
done
cd "${source:?the sources of the kernels are at neither place}"

# Upstream's list of GPUs is for servers; on an integrated GPU only its own architecture runs.
sed -i -E 's/set\(ENABLE_BELOW_SM90 OFF\)/set(ENABLE_BELOW_SM90 ON)/' CMakeLists.txt
sed -i -E '/"?-gencode=arch=compute_(75|80|89|90),code=sm_/d' CMakeLists.txt

sh /pip-index/install scikit-build-core wheel build
export MAX_JOBS="${MAX_JOBS:-$(nproc)}"
export CMAKE_BUILD_PARALLEL_LEVEL="${CMAKE_BUILD_PARALLEL_LEVEL:-$MAX_JOBS}"
export CMAKE_ARGS="-DCMAKE_CUDA_ARCHITECTURES=$architectures -DENABLE_BELOW_SM90=ON \
-DSGL_KERNEL_COMPILE_THREADS=${NVCC_THREADS:-1} -DCMAKE_POLICY_VERSION_MINIMUM=3.5"
python3 -m build --wheel --no-isolation --outdir "$wheels" .
