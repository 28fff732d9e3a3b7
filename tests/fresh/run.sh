#!/bin/bash
# Run a command in a clone of this checkout on a fresh Debian 12, and show that nothing is left.
#
#   tests/fresh/run.sh [-k] [-d DIRECTORY] COMMAND [ARGUMENT...]
#   tests/fresh/run.sh ./build.sh sglang
#
# The machine is a chroot made by mmdebstrap (git, ca-certificates, python3 and nothing else of use)
# in a network namespace of its own with a way out. It gets this machine's resolver and CA bundle,
# and the commits of this checkout. Needs root, mmdebstrap, iproute2 and iptables here.
# -d  where to make it (default: a new directory in /var/tmp); -k keeps it for another look.
# COMMAND `prove` does what the engine promises: provision, build, bootstrap, down.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
root=$(dirname "$(dirname "$here")")
. "$here/netns.sh"

keep= directory=
while getopts kd: option; do
    case $option in
        k) keep=1 ;;
        d) directory=$OPTARG ;;
        *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || { sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 2; }

directory=${directory:-$(mktemp -d /var/tmp/fresh.XXXXXX)}
machine=$directory/root
number=$((RANDOM % 250 + 1))
namespace=fresh$number

# Everything that still runs in the chroot, whoever started it.
inside() {
    local entry
    for entry in /proc/[0-9]*; do
        case $(readlink "$entry/root" 2>/dev/null) in "$machine" | "$machine"/*) echo "${entry#/proc/}" ;; esac
    done
}

clean() {
    local point left
    set +e
    trap '' INT TERM
    left=$(inside)
    # shellcheck disable=SC2086
    [ -z "$left" ] || kill -9 $left
    awk -v m="$machine" '$5 == m || index($5, m "/") == 1 { print $5 }' /proc/self/mountinfo |
        sort -r | while read -r point; do umount -l "$point"; done
    netns_remove "$namespace" "$number"
    [ -n "$keep" ] && echo "kept: $directory" && return
    rm -rf --one-file-system "$directory"
}
trap clean EXIT
trap 'exit 130' INT TERM

say() { echo "fresh: $*" >&2; }

if [ ! -d "$machine/etc" ]; then
    say "making a Debian 12 in $machine"
    mkdir -p "$directory"
    mmdebstrap --quiet --variant=minbase --include=git,ca-certificates,python3 \
        bookworm "$machine" 2>/dev/null
    # the machine's own mirror, as its apt names it
    rm -f "$machine"/etc/apt/sources.list
    cp /etc/apt/sources.list.d/*.sources "$machine/etc/apt/sources.list.d/" 2>/dev/null || true
    cp /etc/apt/sources.list "$machine/etc/apt/" 2>/dev/null || true
fi
cp /etc/ssl/certs/ca-certificates.crt "$machine/etc/ssl/certs/ca-certificates.crt"
rm -f "$machine/etc/resolv.conf" && cp -L /etc/resolv.conf "$machine/etc/resolv.conf"

netns_make "$namespace" "$number"
git clone -q --bare "$root" "$directory/origin.git" 2>/dev/null || git -C "$directory/origin.git" \
    fetch -q "$root" '+HEAD:refs/heads/main'
cp "$here/prove.sh" "$machine/usr/local/bin/prove"
chmod 755 "$machine/usr/local/bin/prove"

# In a mount namespace of its own: proc, sys without control groups, dev; then a clone.
cat > "$machine/enter" <<'INNER'
#!/bin/sh
set -e
cd /root
[ -d jetson-containers ] || git clone -q /origin jetson-containers
cd jetson-containers
exec "$@"
INNER
chmod 755 "$machine/enter"
mkdir -p "$machine/origin"

mount --bind "$machine" "$machine"
mount --make-private "$machine"
mount -t proc proc "$machine/proc"
mount --rbind /dev "$machine/dev" && mount --make-rslave "$machine/dev"
mount --bind "$directory/origin.git" "$machine/origin"
before=$(awk -v m="$machine" 'index($5, m) == 1' /proc/self/mountinfo | wc -l)

say "running: $*"
began=$(date +%s)
status=0
nsenter --net="/run/netns/$namespace" -- sh -c \
    'mount -t sysfs sysfs "$1/sys"; shift; exec "$@"' sh "$machine" \
    env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    TERM="${TERM:-dumb}" CI="${CI:-}" SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt chroot "$machine" /enter "$@" || status=$?
say "exit status $status after $(($(date +%s) - began)) s"

left=$(inside)
after=$(awk -v m="$machine" 'index($5, m) == 1' /proc/self/mountinfo | wc -l)
if [ -n "$left" ] || [ "$after" -gt $((before + 1)) ]; then
    say "left running: ${left:-nothing}; mounts more than before: $((after - before - 1))"
else
    say "left behind: no process, no mount"
fi
exit "$status"
