#!/usr/bin/env bash
# Tries the alerts and the dashboard with Debian's package prometheus, after `npm ci`: on the rules' own tests, and on a
# server that Prometheus scrapes. Ends at the first thing that does not work.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
WORK=$(mktemp -d)
PORT=18092 # of the server; Prometheus uses the next one
KEY=sb_live_$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')
PIDS=()
say() { printf '\n== %s\n' "$*"; }
end() {
  for pid in "${PIDS[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
  rm -rf "$WORK"
}
trap end EXIT

say "the alerts, and their tests"
promtool check rules deploy/prometheus/alerts.yml
promtool test rules deploy/prometheus/alerts.test.yml

say "the metrics of a server"
SIGNALBOX_API_KEY=$KEY SIGNALBOX_DATA_DIR=$WORK/data SIGNALBOX_ALLOW_HTTP=true PORT=$PORT node src/main.js serve >"$WORK/server.log" &
PIDS+=($!)
until curl -sf "localhost:$PORT/readyz" >/dev/null; do kill -0 "${PIDS[0]}"; sleep 0.2; done
curl -sf -H "authorization: Bearer $KEY" "localhost:$PORT/metrics" | promtool check metrics
echo "promtool has nothing to say about them"

say "every query of the dashboard, and every alert, on what Prometheus scraped"
cat >"$WORK/prometheus.yml" <<YAML
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: ["$PWD/deploy/prometheus/alerts.yml"]
scrape_configs:
  - job_name: signalbox
    authorization: { credentials: $KEY }
    static_configs: [{ targets: ["localhost:$PORT"] }]
YAML
prometheus --config.file="$WORK/prometheus.yml" --storage.tsdb.path="$WORK/tsdb" --web.listen-address="127.0.0.1:$((PORT + 1))" 2>"$WORK/prometheus.log" &
PIDS+=($!)
node --input-type=module - "http://127.0.0.1:$((PORT + 1))" <<'JS'
import { readFileSync } from "node:fs";
const [url] = process.argv.slice(2);
const ask = async (path, query) => {
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(query)}`);
  const { status, data, error } = await response.json();
  if (status !== "success") throw new Error(`${JSON.stringify(query)}: ${error}`);
  return data;
};
const scraped = () => ask("query", { query: 'count_over_time(up{job="signalbox"}[1m]) >= 8' }).catch(() => ({ result: [] }));
while ((await scraped()).result.length === 0) await new Promise((resolve) => setTimeout(resolve, 500));
const { panels } = JSON.parse(readFileSync("deploy/grafana/signalbox.json", "utf8"));
const targets = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
let empty = 0;
for (const { title, expr } of targets) {
  const query = expr.replaceAll("$__rate_interval", "5s").replaceAll("$job", "signalbox").replaceAll("$instance", ".*");
  const { result } = await ask("query", { query });
  if (result.length > 0) continue;
  empty += 1;
  console.log(`no data yet: ${title}: ${expr}`);
}
console.log(`${targets.length} queries, ${empty} without data on a server that has done nothing`);
const { groups } = await ask("rules", { type: "alert" });
const rules = groups.flatMap(({ rules }) => rules);
const broken = rules.filter(({ health, state }) => health !== "ok" || state !== "inactive");
for (const { name, state, lastError } of broken) console.log(`${name}: ${state} ${lastError ?? ""}`);
console.log(`${rules.length} alerts, ${broken.length} of them not as quiet as the server`);
if (broken.length > 0) process.exit(1);
JS

say "everything works"
