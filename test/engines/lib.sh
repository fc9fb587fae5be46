# Sourced by the scripts beside it: places and small helpers.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CLUSTER=$(dirname "$ROOT")/shared/cluster
STATE=/var/tmp/bowline-engines # of what `up` has started: dockerd's data and log, a mark for the cluster
export PATH=$PATH:/usr/sbin:/sbin

say() { echo "engines: $*" >&2; }
die() { say "$*"; exit 1; }

# Notes that it was `up` that started this.
mine() { mkdir -p "$STATE" && touch "$STATE/$1"; }

# One of up and down at a time on this machine. What is started must not inherit fd 9.
lock() {
  exec 9>>/tmp/bowline-engines.lock
  flock 9
}
