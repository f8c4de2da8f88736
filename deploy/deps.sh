#!/usr/bin/env bash
# Sees to what a build needs: Go, a C and C++ toolchain, and RocksDB's library. On Debian and Ubuntu
# the last two are installed where they are missing; elsewhere it says what was found and what is
# needed. A stamp in dist/ makes the second time free; touching this script or go.mod voids it.
#
#   deploy/deps.sh go       only Go: the API and the gateway need no more
#   deploy/deps.sh          what a build needs
#   deploy/deps.sh clients  Node.js and Python, for other people's Socket.IO clients
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. deploy/process.sh

go_needed=$(sed -n 's/^go \([0-9]*\.[0-9]*\).*/\1/p' go.mod)
rocksdb_needed=7.8 # what the version of grocksdb in go.mod goes with; its newer tags want newer libraries
packages=(g++ librocksdb-dev)
stamp=dist/.deps

# need_go: a go command that is older but knows how to fetch the one that go.mod asks for (1.21 and
# newer, unless told GOTOOLCHAIN=local) will do; it says what it fetches.
need_go() {
  local where=https://go.dev/doc/install found
  command -v go >/dev/null || die "Go is missing: install Go $go_needed or newer, $where"
  found=$(cd / && go version | sed -n 's/^go version go\([0-9]*\.[0-9]*\).*/\1/p')
  at_least "${found:-0.0}" && return
  case $(cd / && go env GOTOOLCHAIN) in
    auto | *+auto) go version >/dev/null && return ;;
  esac
  die "Go $found is too old: install Go $go_needed or newer, $where"
}

# at_least VERSION: whether it is go_needed or newer.
at_least() {
  local major=${1%%.*} minor=${1#*.}
  ((major > ${go_needed%%.*} || (major == ${go_needed%%.*} && minor >= ${go_needed#*.})))
}

# rocksdb_found prints the version that a program would be compiled with; fails where there is none.
rocksdb_found() {
  local flags header
  flags="${CGO_CFLAGS:-} $(pkg-config --cflags rocksdb 2>/dev/null || true)"
  header=$(printf '#include <rocksdb/version.h>\nROCKSDB_MAJOR.ROCKSDB_MINOR.ROCKSDB_PATCH\n' |
    ${CXX:-c++} $flags -E -P -xc++ - 2>/dev/null) || return 1
  tail -1 <<<"$header" | tr -d ' '
}

# links says whether a C program that uses RocksDB can be linked as grocksdb links it.
links() {
  local flags="${CGO_CFLAGS:-} ${CGO_LDFLAGS:-}"
  printf '#include <rocksdb/c.h>\nint main(void) { return rocksdb_options_create() == 0; }\n' |
    ${CC:-cc} -xc - -o /dev/null $flags -lrocksdb -pthread -lstdc++ -ldl -lm -lzstd -llz4 -lz -lsnappy 2>/dev/null
}

is_debian() { command -v apt-get >/dev/null && command -v dpkg >/dev/null; }

# become_root sets as_root to what a command is run with to install something.
become_root() {
  as_root=""
  [ "$(id -u)" != 0 ] || return 0
  as_root=sudo
  # Without a terminal sudo cannot ask for a password.
  command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; } ||
    die "$1 is missing, and installing takes root: apt-get install ${packages[*]}"
}

# install gets the packages. It asks the index first, so that a release with another RocksDB is told
# so before anything was installed.
install() {
  local as_root offered
  become_root "RocksDB's library or a C++ compiler"
  say "installing ${packages[*]}"
  $as_root apt-get update -qq || die "apt-get update failed: see above"
  offered=$(apt-cache policy librocksdb-dev | sed -n 's/.*Candidate: \([0-9]*\.[0-9]*\).*/\1/p')
  [ "${offered:-$rocksdb_needed}" = "$rocksdb_needed" ] ||
    die "this release has RocksDB $offered; needed is $rocksdb_needed, as in Debian 12: $by_hand"
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null ||
    die "apt-get could not install ${packages[*]}: see above"
}
by_hand="install that version from source and name it with CGO_CFLAGS and CGO_LDFLAGS"

need_rocksdb() {
  local found
  if ! links; then
    is_debian || die "RocksDB: found $(rocksdb_found || echo none); needed is $rocksdb_needed, with a C++ compiler and the zstd, lz4, zlib and snappy libraries: $by_hand"
    install
  fi
  found=$(rocksdb_found) || found="none, or no C++ compiler"
  [[ $found == "$rocksdb_needed".* ]] ||
    die "RocksDB: found $found; needed is $rocksdb_needed, as in Debian 12: $by_hand"
  links || die "RocksDB $found is there, but a program does not link with it: try cc -lrocksdb -lstdc++ -lzstd -llz4 -lz -lsnappy"
  say "RocksDB $found, $(go env GOVERSION)"
}

need_clients() {
  local as_root packages=(nodejs npm python3-venv)
  { command -v node && command -v npm && python3 -c 'import ensurepip, venv'; } >/dev/null 2>&1 && return
  is_debian || die "Node.js 18 or newer with npm, or Python 3 with venv and pip, is missing"
  become_root "Node.js or Python's venv"
  say "installing ${packages[*]}"
  $as_root apt-get update -qq || die "apt-get update failed: see above"
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null ||
    die "apt-get could not install ${packages[*]}: see above"
}

need_go
case ${1:-} in
  go) exit 0 ;;
  clients) need_clients; exit 0 ;;
esac
if [ ! -e $stamp ] || [ go.mod -nt $stamp ] || [ deploy/deps.sh -nt $stamp ]; then
  need_rocksdb
  mkdir -p dist
  touch $stamp
fi
