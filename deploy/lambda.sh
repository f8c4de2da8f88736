#!/usr/bin/env bash
# Builds what Lambda runs: an executable called bootstrap, and a zip with nothing else in it.
#
#   deploy/lambda.sh ARCHITECTURE [FOLDER]
#
# The architecture is called as AWS does, arm64 or x86_64, for Linux; own is what this machine runs.
# Makes FOLDER/bootstrap and FOLDER.zip; the folder is dist/videos where none is named. The same sources
# and the same Go give the same bytes, wherever the sources lie.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. deploy/process.sh

bound=15000000 # bytes; what is loaded at each cold start should stay small
architecture=${1:-own} system=linux
[ "$architecture" != own ] || { architecture=$(uname -m) system=$(go env GOHOSTOS); }
case $architecture in
  arm64 | aarch64) goarch=arm64 ;;
  x86_64 | amd64) goarch=amd64 ;;
  *) die "ARCH=$architecture: expected arm64, x86_64 or own" ;;
esac
folder=${2:-dist/videos}

# Nothing of this machine gets in: no C library, no paths, no state of the repository. lambda.norpc
# leaves out the protocol of a runtime that is gone.
mkdir -p "$folder"
CGO_ENABLED=0 GOOS=$system GOARCH=$goarch GOFLAGS='' \
  go build -buildvcs=false -tags lambda.norpc -trimpath -ldflags '-s -w' -o "$folder/bootstrap" ./functions
go run github.com/aws/aws-lambda-go/cmd/build-lambda-zip -o "$folder.zip" "$folder/bootstrap" 2>&1 |
  sed '/ wrote /d' >&2

size=$(wc -c <"$folder/bootstrap")
say "$folder/bootstrap: $system/$goarch, $((size / 1000)) kB; zipped $(($(wc -c <"$folder.zip") / 1000)) kB"
((size < bound)) || die "$folder/bootstrap is larger than $((bound / 1000)) kB"
