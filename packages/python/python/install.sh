#!/bin/sh
# install.sh VERSION SOURCE INSTALLER...
# SOURCE: distribution (its own packages), deadsnakes (that archive for Ubuntu) or managed
# (a build that uv downloads). INSTALLER: what goes into the environment first, pinned; a lock puts
# `--locked NAME==VERSION@SHA256... --` before it, and then those files come and no others.
set -eu
version=$1
source=$2
shift 2

wishes=$(mktemp)
if [ "${1:-}" = --locked ]; then
    shift
    while [ "$1" != -- ]; do
        echo "${1%@*} --hash=sha256:${1##*@}" >>"$wishes"
        shift
    done
else
    printf '%s\n' "$@" >"$wishes"
fi

export DEBIAN_FRONTEND=noninteractive PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
if [ -s /run/secrets/ca-bundle ]; then
    export PIP_CERT=/run/secrets/ca-bundle SSL_CERT_FILE=/run/secrets/ca-bundle
fi
if [ -s /run/secrets/netrc ]; then
    export NETRC=/run/secrets/netrc
fi

apt-get update
apt-get install -y --no-install-recommends ca-certificates
case $source in
    deadsnakes)
        apt-get install -y --no-install-recommends gnupg software-properties-common
        add-apt-repository -y ppa:deadsnakes/ppa
        apt-get install -y --no-install-recommends \
            "python$version" "python$version-dev" "python$version-venv"
        interpreter=python$version
        ;;
    managed)
        apt-get install -y --no-install-recommends python3 python3-venv
        python3 -m venv /tmp/bootstrap
        /tmp/bootstrap/bin/pip install --quiet -r "$wishes"
        UV_PYTHON_INSTALL_DIR=/opt/python /tmp/bootstrap/bin/uv python install --no-cache "$version"
        interpreter=$(ls -d /opt/python/cpython-"$version"*/bin/python"$version")
        ;;
    *)
        apt-get install -y --no-install-recommends \
            "python$version" "python$version-dev" "python$version-venv"
        interpreter=python$version
        ;;
esac
apt-get clean
rm -rf /var/lib/apt/lists/*

"$interpreter" -m venv /opt/venv
# Two steps: the pip that came with the distribution may be too old to know the wheels' platforms.
/opt/venv/bin/pip install --quiet --upgrade -r "$wishes"
rm -rf /tmp/bootstrap "$wishes"
find /opt/venv -name __pycache__ -prune -exec rm -rf {} +
