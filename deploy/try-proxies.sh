#!/usr/bin/env bash
# Tries the recipes for nginx and Caddy with Debian's package nginx, and with caddy if there is one, after `npm ci`: each
# terminates TLS before a running server and a node that is down. Ends at the first thing that does not work.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
WORK=$(mktemp -d)
PORT=18094 # of the server; no node listens on the next one, and a proxy on the one after it
KEY=sb_live_$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')
SERVER=
PROXY=
say() { printf '\n== %s\n' "$*"; }
stop() { [ -z "$1" ] || { kill "$1" 2>/dev/null && wait "$1" 2>/dev/null || true; }; }
end() {
  stop "$PROXY"
  stop "$SERVER"
  rm -rf "$WORK"
}
trap end EXIT

head -c 8900000 /dev/zero | tr '\0' x >"$WORK/large"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
  -keyout "$WORK/tls.key" -out "$WORK/tls.pem" 2>/dev/null
export NODE_EXTRA_CA_CERTS=$WORK/tls.pem
URL=https://localhost:$((PORT + 2))
SIGNALBOX_API_KEY=$KEY SIGNALBOX_DATA_DIR=$WORK/data SIGNALBOX_PUBLIC_URL=$URL SIGNALBOX_TRUST_PROXY=127.0.0.1,::1 PORT=$PORT \
  node src/main.js serve >"$WORK/server.log" &
SERVER=$!
until curl -sf "localhost:$PORT/readyz" >/dev/null; do kill -0 "$SERVER"; sleep 0.2; done

# Publishes through the proxy, and receives over both kinds of streams. A proxy that holds back a stream makes it wait.
try() {
  until curl -sf --cacert "$WORK/tls.pem" "$URL/readyz" >/dev/null; do kill -0 "$PROXY"; sleep 0.2; done
  curl -s --cacert "$WORK/tls.pem" "$URL/respond/a-secret-of-a-link" >/dev/null
  node --input-type=module - "$URL" "$KEY" <<'JS'
const [url, apiKey] = process.argv.slice(2);
const { Signalbox } = await import(`file://${process.cwd()}/packages/sdk/src/index.ts`);
const signalbox = new Signalbox({ url, apiKey });
const signal = AbortSignal.timeout(60_000);
const left = new AbortController();
const { id } = await signalbox.listeners.put({ name: "tried", event_types: ["tried"], format: "standard" });
const received = new Promise((resolve, reject) => {
  const onStatus = ({ kind }) => kind === "connected" && signalbox.events.publish({ type: "tried", payload: {} }).catch(reject);
  const handle = async () => (resolve(), { status: 200 });
  signalbox.listen({ listener: id, reader: "tried", signal: left.signal, takeover: true, onStatus }, handle).catch(reject);
});
for await (const { data } of signalbox.stream({ signal })) {
  if (data.event_type === "tried" && data.status === "DELIVERED") break;
}
await received;
left.abort();
console.log("both streams arrive as they happen");
process.exit();
JS
  for _ in 1 2 3 4 5; do
    curl -s --cacert "$WORK/tls.pem" -H "authorization: Bearer $KEY" -H 'content-type: application/json' --data-binary "@$WORK/large" \
      "$URL/v1/events" | grep -q PAYLOAD_TOO_LARGE
    curl -sf --cacert "$WORK/tls.pem" "$URL/readyz" >/dev/null
  done
  echo "a body that is too large gets the server's own error, and changes nothing for others"
  kill -STOP "$SERVER" # no node responds
  for path in respond v1/respond; do curl -s --max-time 2 --cacert "$WORK/tls.pem" "$URL/$path/a-secret-of-a-link" >/dev/null || true; done
  kill -CONT "$SERVER"
  if grep -r a-secret-of-a-link "$WORK/log"; then echo "the log has the link of a pause"; exit 1; fi
  stop "$PROXY"
  PROXY=
}
# The nodes of a recipe, as the ones here.
nodes() { sed "s|127\.0\.0\.1:8080|127.0.0.1:$PORT|; s|127\.0\.0\.1:8081|127.0.0.1:$((PORT + 1))|"; }
mkdir "$WORK/log"

say "nginx"
nodes <deploy/nginx/signalbox.conf | sed "s|/etc/ssl/[^;]*\.pem|$WORK/tls.pem|; s|/etc/ssl/private/[^;]*\.key|$WORK/tls.key|
  s|/var/log/nginx|$WORK/log|; s|listen 443 ssl|listen $((PORT + 2)) ssl|; s|signalbox\.example\.com|localhost|" >"$WORK/signalbox.conf"
printf 'daemon off; error_log %s/log/error.log; pid %s/nginx.pid; events {} http { include %s/signalbox.conf; }\n' \
  "$WORK" "$WORK" "$WORK" >"$WORK/nginx.conf"
nginx -t -c "$WORK/nginx.conf"
nginx -c "$WORK/nginx.conf" &
PROXY=$!
try

say "Caddy"
if command -v caddy >/dev/null; then
  nodes <deploy/caddy/Caddyfile | sed "s|^{|{\n\tadmin off\n\tauto_https off|
    s|^signalbox\.example\.com {|$URL {\n\ttls $WORK/tls.pem $WORK/tls.key|" >"$WORK/Caddyfile"
  caddy validate --adapter caddyfile --config "$WORK/Caddyfile" 2>/dev/null
  caddy run --adapter caddyfile --config "$WORK/Caddyfile" >"$WORK/log/caddy.log" 2>&1 &
  PROXY=$!
  try
else
  echo "not tried: there is no caddy"
fi

say "everything works"
