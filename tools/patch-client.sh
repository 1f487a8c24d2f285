#!/bin/sh
# Applies patches/zookeeper.patch to the installed zookeeper package and builds it: the daemons refuse a client without it. For who installs the npm
# package with --ignore-scripts; tools/setup.sh calls it as well. Usage: patch-client.sh, from anywhere. Needs patch, tar, a C and C++ compiler, make and
# python3. Done twice, it says that the patch is there already and builds again.
set -eu

fail () { printf 'patch-client: %s\n' "$*" >&2; exit 1; }
here=$(cd "$(dirname "$0")/.." && pwd)
# Beside this package's own packages, or beside this package, where npm put it.
package=
for folder in "$here/node_modules/zookeeper" "$here/../zookeeper"; do
  if [ -z "$package" ] && [ -f "$folder/package.json" ]; then package=$folder; fi
done
[ -n "$package" ] || fail "the zookeeper package is not installed beside $here; run npm install first."
package=$(cd "$package" && pwd)
addon=$package/build/Release/zookeeper.node
client=$package/deps
[ -f "$client/zookeeper-client-c.tar.gz" ] || fail "The zookeeper package does not contain the C client where it used to; patches/zookeeper.patch is for the version in package-lock.json."

# The package unpacks the C client when it is built: what is patched goes back into the archive.
tar -xzf "$client/zookeeper-client-c.tar.gz" -C "$client" --warning=no-unknown-keyword
if patch -s -p1 -R --dry-run -d "$package" < "$here/patches/zookeeper.patch" > /dev/null 2>&1; then
  printf 'patch-client: the patch is there already\n'
else
  patch -s -p1 -d "$package" < "$here/patches/zookeeper.patch" || fail "patches/zookeeper.patch does not fit the installed zookeeper package; it is for the version in package-lock.json."
  tar -czf "$client/zookeeper-client-c.tar.gz" -C "$client" zookeeper-client-c
fi
(cd "$package" && npm run --ignore-scripts=false install) || fail "The native ZooKeeper client could not be built; see the message above."
[ -f "$addon" ] || fail "npm did not build the native ZooKeeper client."
node -e 'require(require("path").resolve(process.argv[1]))' "$addon" || fail "The native ZooKeeper client was built but Node $(node --version) cannot load it; see the message above."
