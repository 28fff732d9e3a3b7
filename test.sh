#!/bin/bash
# The whole test suite: ./test.sh [PYTEST ARGUMENTS...]
#
# The whole of it runs in two processes, of which one has the engine; with arguments, in one.
#
# Uses the container engine that answers, or a private one, and a registry on 127.0.0.1. What it
# started it stops, also when it is interrupted or the suite fails.
set -u
root=$(dirname "$(readlink -f "$0")")
cd "$root" || exit 1
. scripts/venv.sh
venv_ready "$root" dev || exit 1

services=$(mktemp -d)
pytest=
stop() {
    trap '' INT TERM HUP
    .venv/bin/python -m tests.services stop "$services" >&2 </dev/null
    rm -rf "$services"
}
trap stop EXIT
trap '[ -n "$pytest" ] && kill -INT -- "-$pytest" 2>/dev/null; interrupted=130' INT TERM HUP
interrupted=
[ $# -gt 0 ] || set -- -n 2 --dist loadfile

# Job control gives each step a process group of its own, so that a signal reaches it once.
set -m
JC_REQUIRE_ENGINE=1
JC_TEST_SERVICES=$services
export JC_REQUIRE_ENGINE JC_TEST_SERVICES
.venv/bin/python -m tests.services start "$services" >&2 </dev/null &
pytest=$!
wait "$pytest"
status=$?
if [ "$status" = 0 ] && [ -z "$interrupted" ]; then
    .venv/bin/python -m pytest "$@" </dev/null &
    pytest=$!
    while :; do
        wait "$pytest"
        status=$?
        kill -0 "$pytest" 2>/dev/null || break
    done
fi
exit "${interrupted:-$status}"
