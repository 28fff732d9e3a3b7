# The virtual environment of this checkout, for sourcing (POSIX sh).
#
# venv_ready ROOT run|dev   makes ROOT/.venv if it is missing, broken or older than the lock files,
#                           and returns 0 when it can be used. Says so in one line on stderr.
#
# A finished environment carries a stamp: profile, checkout, the Python it belongs to, and apart the
# digests of what it was made from. Without it, or when one of these is another, the environment is
# made anew; so is one whose making was killed. To look costs one process.

venv_usable() { # ROOT, PROFILE
    [ -x "$1/.venv/bin/python" ] && [ -f "$1/.venv/stamp" ] || return 1
    { read -r venv_profile && read -r venv_root && read -r venv_real; } <"$1/.venv/stamp" || return 1
    [ "$venv_root" = "$1" ] && [ "$1/.venv/bin/python" -ef "$venv_real" ] || return 1
    [ "$venv_profile" = dev ] || [ "$venv_profile" = "$2" ] || return 1
    sha256sum --status -c "$1/.venv/digests" 2>/dev/null
}

venv_write_stamp() { # ROOT, PROFILE
    sha256sum "$1/pyproject.toml" "$1/requirements.lock" "$1/requirements-dev.lock" \
        >"$1/.venv/digests"
    { echo "$2"; echo "$1"; readlink -f "$1/.venv/bin/python"; } >"$1/.venv/stamp.new"
    mv "$1/.venv/stamp.new" "$1/.venv/stamp"
}

venv_fail() {
    echo "jetson-containers: $1" >&2
    echo "  hint: $2" >&2
    return 1
}

venv_python() {
    for venv_name in python3 python3.13 python3.12 python3.11 python3.10; do
        if command -v "$venv_name" >/dev/null 2>&1 &&
            "$venv_name" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info)' 2>/dev/null; then
            command -v "$venv_name"
            return 0
        fi
    done
    return 1
}

# Debian keeps what venv needs in a package of its own.
venv_complete_python() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return 0
    venv_package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        venv_fail "$1 cannot make virtual environments" "sudo apt-get install -y $venv_package"
        return 1
    fi
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    apt-get install -qq -y --no-install-recommends "$venv_package" >"$2" 2>&1 </dev/null ||
        { apt-get update -qq && apt-get install -qq -y --no-install-recommends "$venv_package"; } \
            >"$2" 2>&1 </dev/null ||
        { tail -n 5 "$2" >&2; venv_fail "could not install $venv_package" "apt-get update"; }
}

venv_fill() { # ROOT, LOCK, LOG
    if command -v uv >/dev/null 2>&1; then
        uv pip install -q --python "$1/.venv/bin/python" --require-hashes -r "$1/$2" >"$3" 2>&1
    else
        "$1/.venv/bin/python" -m pip install -q --disable-pip-version-check --no-input \
            --require-hashes -r "$1/$2" >"$3" 2>&1
    fi
}

# What this user may not remove is left as it is: another user may be working with it.
venv_changeable() { # ROOT
    venv_kept=$1
    [ -w "$1" ] && venv_kept=$(find "$1/.venv" -type d ! -writable -print -quit 2>/dev/null)
    [ -z "$venv_kept" ] ||
        venv_fail "$1/.venv cannot be used by $(id -un), who may not change $venv_kept" \
            "make a checkout of your own, or run this as $(stat -c %U "$venv_kept")"
}

venv_make() { # ROOT, PROFILE
    venv_changeable "$1" || return 1
    venv_log=$(mktemp)
    if [ -f "$1/.venv/stamp" ] && grep -qx dev "$1/.venv/stamp"; then set -- "$1" dev; fi
    case $2 in dev) venv_lock=requirements-dev.lock ;; *) venv_lock=requirements.lock ;; esac
    echo "jetson-containers: making $1/.venv (once, less than a minute)" >&2
    venv_base=$(venv_python) ||
        { venv_fail "Python 3.10 or newer is needed" "sudo apt-get install -y python3-venv"; return 1; }
    rm -rf "$1/.venv"
    if command -v uv >/dev/null 2>&1; then
        uv venv -q --python "$venv_base" "$1/.venv" >"$venv_log" 2>&1
    else
        venv_complete_python "$venv_base" "$venv_log" || { rm -f "$venv_log"; return 1; }
        "$venv_base" -m venv "$1/.venv" >"$venv_log" 2>&1
    fi && venv_fill "$1" "$venv_lock" "$venv_log" || {
        tail -n 8 "$venv_log" >&2
        rm -f "$venv_log"
        venv_fail "could not make $1/.venv" "mend the above and run the same command again"
        return 1
    }
    for venv_site in "$1"/.venv/lib/python3*/site-packages; do
        echo "$1" >"$venv_site/jetson-containers-checkout.pth"
    done
    rm -f "$venv_log"
    venv_write_stamp "$1" "$2"
}

venv_ready() {
    venv_usable "$1" "$2" && return 0
    (
        flock 9
        venv_usable "$1" "$2" || venv_make "$1" "$2"
    ) 9<"$1/scripts/venv.sh"
}
