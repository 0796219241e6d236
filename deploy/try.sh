#!/usr/bin/env bash
# Tries the Dockerfile, the Compose files and the systemd unit, without a container engine: as root on Debian 12, with the
# packages buildah, debootstrap, docker-compose and systemd, after `npm ci`. Ends at the first thing that does not work.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
WORK=$(mktemp -d)
SUITE=bookworm
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
ROOT=$WORK/root # the running container's files
SERVER=
say() { printf '\n== %s\n' "$*"; }
end() {
  [ -z "$SERVER" ] || kill -KILL "$SERVER" 2>/dev/null || true
  for at in "$ROOT/data" "$ROOT/proc" "$ROOT"; do umount "$at" 2>/dev/null || true; done
  [ -z "${CONTAINER:-}" ] || buildah rm "$CONTAINER" >/dev/null
  rm -rf "$WORK"
}
trap end EXIT

say "the systemd unit"
# The unit names programs that a package would install.
mkdir -p "$WORK/units"
sed 's|^ExecStart=.*|ExecStart=/bin/true|; s|^User=.*|User=root|; s|^Group=.*|Group=root|' deploy/systemd/signalbox.service >"$WORK/units/signalbox.service"
systemd-analyze verify --man=no "$WORK/units/signalbox.service"
systemd-analyze security --offline=true --threshold=20 deploy/systemd/signalbox.service | tail -1

say "the Compose files"
export POSTGRES_PASSWORD=tried SIGNALBOX_MASTER_KEY=tried
for file in compose.yaml deploy/compose.postgres.yaml; do docker-compose -f "$file" config -q; done
unset POSTGRES_PASSWORD
docker-compose -f deploy/compose.postgres.yaml config -q 2>/dev/null && { echo "it starts without a secret"; exit 1; }
unset SIGNALBOX_MASTER_KEY

say "a base image of Debian and this project's Node"
debootstrap --variant=minbase --include=libatomic1 "$SUITE" "$WORK/debian" >"$WORK/debootstrap.log"
install -m 755 "$(node -p 'fs.realpathSync("node_modules/.bin/node")')" "$WORK/debian/usr/local/bin/node"
cp -a "$(dirname "$(realpath "$(command -v npm)")")/.." "$WORK/debian/usr/local/lib/npm"
ln -s ../lib/npm/bin/npm-cli.js "$WORK/debian/usr/local/bin/npm"
# The certificates that this machine trusts, for npm.
install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$WORK/debian/etc/ssl/certs/ca-certificates.crt"
base=$(buildah from scratch)
buildah add -q "$base" "$WORK/debian" / >/dev/null
buildah config --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt "$base"
buildah commit -q "$base" localhost/signalbox-base >/dev/null
buildah rm "$base" >/dev/null
rm -rf "$WORK/debian"

say "the image"
buildah bud --format docker --build-arg NODE_IMAGE=localhost/signalbox-base --tag localhost/signalbox .
buildah inspect --type image localhost/signalbox |
  node -e 'const { config } = JSON.parse(fs.readFileSync(0)).Docker; console.log(JSON.stringify(config, null, 2))' >"$WORK/config.json"
of() { node -p "const config = JSON.parse(fs.readFileSync('$WORK/config.json')); $1"; }
[ "$(of config.User)" = 1000:1000 ]

say "the server in it: as that user, on a root that is read-only, with a data volume"
CONTAINER=$(buildah from localhost/signalbox)
mkdir -p "$ROOT"
mount --bind "$(buildah mount "$CONTAINER")" "$ROOT"
mount -o remount,bind,ro "$ROOT"
mount -t proc proc "$ROOT/proc"
mount -t tmpfs -o uid=1000,gid=1000,mode=700 tmpfs "$ROOT/data"
mapfile -t ENVIRONMENT < <(of 'config.Env.filter((each) => !each.startsWith("PATH=")).join("\n")')
INSIDE=(chroot --userspec=1000:1000 "$ROOT" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin "${ENVIRONMENT[@]}" PORT=18080)
"${INSIDE[@]}" sh -c 'touch /opt/signalbox/x' 2>/dev/null && { echo "the root is writable"; exit 1; }
"${INSIDE[@]}" node /opt/signalbox/src/main.js serve >"$WORK/server.log" &
SERVER=$!
until grep -q 'listens on' "$WORK/server.log"; do kill -0 "$SERVER"; sleep 0.2; done
head -3 "$WORK/server.log"
mapfile -t CHECK < <(of 'config.Healthcheck.Test.slice(1).join("\n")')
"${INSIDE[@]}" "${CHECK[@]}" && echo "healthy"
kill -TERM "$SERVER"
wait "$SERVER"
echo "stopped by SIGTERM with exit code 0"
SERVER=
"${INSIDE[@]}" "${CHECK[@]}" && { echo "healthy without a server"; exit 1; }

say "everything works"
