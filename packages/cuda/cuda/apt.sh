#!/bin/sh
# apt.sh REPOSITORY PACKAGE...: install from NVIDIA's repository, e.g. ubuntu2404/sbsa.
# The repository's key is taken only if it has the fingerprint that NVIDIA publishes.
set -eu
url=https://developer.download.nvidia.com/compute/cuda/repos/$1
shift
fingerprint=EB693B3035CD5710E231E123A4B469963BF863CC
keyring=/usr/share/keyrings/nvidia-cuda.gpg
export DEBIAN_FRONTEND=noninteractive

# Trust for this process alone: the bundle is a secret of the build host.
trust=
if [ -s /run/secrets/ca-bundle ]; then
    export CURL_CA_BUNDLE=/run/secrets/ca-bundle
    trust="-o Acquire::https::CaInfo=/run/secrets/ca-bundle"
fi

apt-get update
apt-get install -y --no-install-recommends ca-certificates curl gnupg
curl -fsSL --retry 3 "$url/3bf863cc.pub" -o /tmp/nvidia.pub
found=$(gpg --show-keys --with-colons /tmp/nvidia.pub | awk -F: '$1 == "fpr" { print $10; exit }')
if [ "$found" != "$fingerprint" ]; then
    echo "the key of $url is $found, not $fingerprint" >&2
    exit 1
fi
gpg --dearmor <"/tmp/nvidia.pub" >"$keyring"
rm /tmp/nvidia.pub
echo "deb [signed-by=$keyring] $url/ /" >/etc/apt/sources.list.d/nvidia-cuda.list

# shellcheck disable=SC2086
apt-get $trust update
# shellcheck disable=SC2086
apt-get $trust install -y --no-install-recommends "$@"
apt-get purge -y --auto-remove gnupg
apt-get clean
rm -rf /var/lib/apt/lists/*
[ -e /usr/local/cuda ] || ln -s "$(ls -d /usr/local/cuda-*.* | tail -n 1)" /usr/local/cuda
