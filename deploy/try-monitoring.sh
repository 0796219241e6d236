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
SIGNALBOX_API_KEY=$KEY SIGNALBOX_DATA_DIR=$WORK/data SIGNALBOX_ALLOW_HTTP=true SIGNALBOX_ALLOW_NETWORKS=127.0.0.0/8 PORT=$PORT \
  node src/main.js serve >"$WORK/server.log" &
PIDS+=($!)
until curl -sf "localhost:$PORT/readyz" >/dev/null; do kill -0 "${PIDS[0]}"; sleep 0.2; done
curl -sf -H "authorization: Bearer $KEY" "localhost:$PORT/metrics" | promtool check metrics
echo "promtool has nothing to say about them"

say "the panels and variables of the dashboard"
node --input-type=module - <<'JS'
import { readFileSync } from "node:fs";
const text = readFileSync("deploy/grafana/signalbox.json", "utf8");
const { panels, templating } = JSON.parse(text);
const faults = [];
if (new Set(panels.map(({ id }) => id)).size < panels.length) faults.push("two panels have one id");
const cells = new Set();
for (const { title, gridPos: { x, y, w, h } } of panels) {
  if (x + w > 24) faults.push(`${title} is wider than the dashboard`);
  for (let cell = 0; cell < w * h; cell += 1) {
    const at = `${x + (cell % w)} ${y + Math.floor(cell / w)}`;
    if (cells.has(at)) faults.push(`${title} covers another panel`);
    cells.add(at);
  }
}
const known = new Set([...templating.list.map(({ name }) => name), "__rate_interval", "__all"]);
for (const [, name] of text.matchAll(/\$\{?(\w+)/g)) if (!known.has(name)) faults.push(`there is no variable ${name}`);
for (const { title, datasource, targets = [] } of panels)
  for (const each of targets.length > 0 ? [datasource, ...targets.map((target) => target.datasource)] : [])
    if (each?.type !== "prometheus" || each.uid !== "${datasource}") faults.push(`${title} asks ${each?.uid}`);
for (const fault of faults) console.log(fault);
console.log(`${panels.length} panels, ${faults.length} faults`);
if (faults.length > 0) process.exit(1);
JS

say "every query of the dashboard, and every alert, on what Prometheus scrapes from a busy server"
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
node --input-type=module - "http://127.0.0.1:$((PORT + 1))" "http://127.0.0.1:$PORT" "$KEY" <<'JS'
import { readFileSync } from "node:fs";
const [prometheus, server, key] = process.argv.slice(2);
const ask = async (path, query) => {
  const response = await fetch(`${prometheus}/api/v1/${path}?${new URLSearchParams(query)}`);
  const { status, data, error } = await response.json();
  if (status !== "success") throw new Error(`${JSON.stringify(query)}: ${error}`);
  return data;
};
const post = async (path, body) => {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  return (await fetch(server + path, { method: "POST", headers, body: JSON.stringify(body) })).json();
};
const scraped = () => ask("query", { query: 'count_over_time(up{job="signalbox"}[1m]) >= 8' }).catch(() => ({ result: [] }));
while ((await scraped()).result.length === 0) await new Promise((resolve) => setTimeout(resolve, 500));

const { groups } = await ask("rules", { type: "alert" });
const rules = groups.flatMap(({ rules }) => rules);
const broken = rules.filter(({ health, state }) => health !== "ok" || state !== "inactive");
for (const { name, state, lastError } of broken) console.log(`${name}: ${state} ${lastError ?? ""}`);
console.log(`${rules.length} alerts, ${broken.length} of them not as quiet as the server`);

// Nobody listens on the port, and nobody signs the requests.
await post("/v1/endpoints", { url: "http://127.0.0.1:9/", retry_schedule_seconds: [] });
const source = await post("/v1/sources", { name: "tried", scheme: "github" });
const { annotations, panels } = JSON.parse(readFileSync("deploy/grafana/signalbox.json", "utf8"));
const variables = { $__rate_interval: "5s", $job: "signalbox", $instance: ".*" };
const evaluate = async (expr) => {
  const { result } = await ask("query", { query: expr.replace(/\$\w+/g, (name) => variables[name] ?? name) });
  return result;
};
for (const { expr } of annotations.list) if (expr !== undefined) await evaluate(expr);
const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
let empty = queries;
for (let round = 0; empty.length > 0 && round < 60; round += 1) {
  await post("/v1/events", { type: "tried", payload: {} });
  await post(`/in/${source.id}`, {});
  await new Promise((resolve) => setTimeout(resolve, 500));
  const results = await Promise.all(empty.map(({ expr }) => evaluate(expr)));
  empty = empty.filter((_, index) => results[index].length === 0);
}
for (const { title, expr } of empty) console.log(`no data: ${title}: ${expr}`);
console.log(`${queries.length} queries, ${empty.length} without data`);
if (broken.length + empty.length > 0) process.exit(1);
JS

say "everything works"
