#!/bin/sh
# jetson-containers build, from a checkout; any arguments are passed on.
self=$0
[ -L "$self" ] && self=$(readlink -f "$self")
case $self in */*) ;; *) self=./$self ;; esac
root=$(cd "${self%/*}" && pwd -P)
. "$root/scripts/venv.sh"
venv_ready "$root" run || exit 1
exec "$root/.venv/bin/python" -I -m jetson_containers.cli.main build "$@"
