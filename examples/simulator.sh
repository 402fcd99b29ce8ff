#!/bin/sh
# sh simulator.sh N: the embedded endpoint on port 30199 with N inference workers, in place of the one
# that this script started before. sh simulator.sh stop: none any more.
set -eu
port=30199
file="${TMPDIR:-/tmp}/edgeload-example-$port"

if [ -f "$file.pid" ]; then
    old=$(cat "$file.pid")
    kill "$old" 2>/dev/null || true
    while kill -0 "$old" 2>/dev/null; do sleep 0.1; done
    rm "$file.pid"
fi
[ "$1" = stop ] && exit 0

# EDGELOAD_PYTHON is the Python that runs the load test.
PYTHONPATH=.. "${EDGELOAD_PYTHON:-python3}" -m edgeload.simulator --port "$port" \
    --inference-workers "$1" --service-time 50ms >"$file.out" &
echo $! >"$file.pid"
until [ -s "$file.out" ]; do # it prints a line when it answers
    kill -0 $! || exit 1
    sleep 0.1
done
