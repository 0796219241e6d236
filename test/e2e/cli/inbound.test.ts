/** `signalbox sources` and `quarantine`: webhooks of other services, and those that were refused. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { newCliFolder, runCli } from "../../../packages/cli/test/run-cli.ts";
import { fromNewAddress, signatureOf } from "../../harness/inbound.ts";
import { newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });

async function newCli(folder?: string) {
  const tenant = await newTenant(server);
  const settings = folder === undefined ? {} : { SIGNALBOX_CONFIG: folder };
  const env = { SIGNALBOX_URL: server.url, SIGNALBOX_API_KEY: tenant.apiKey, ...settings };
  return { tenant, run: (words: readonly string[], input = "") => runCli(words, { env, input }) };
}

let names = 0;
const newName = () => `a source of the terminal ${++names}`;

/** Sends what GitHub would send. */
async function send(sourceId: string, secret: string): Promise<void> {
  const body = JSON.stringify({ n: ++names });
  const headers = { "x-hub-signature-256": signatureOf(body, secret), "x-github-event": "push", ...fromNewAddress() };
  await server.request("POST", `/in/${sourceId}`, { key: null, body, headers });
}

test("a source is created, changed, rotated and deleted, by id or by name", async () => {
  const { run } = await newCli();
  const name = newName();
  const created = await run(
    ["sources", "create", name, "--scheme", "github", "--secret-stdin", "--type-prefix", "git.", "--json"],
    "a secret\n",
  );
  assert.deepEqual([created.code, created.stderr], [0, ""]);
  const { id, secret, event_type: type } = JSON.parse(created.stdout);
  assert.deepEqual([secret, type.prefix], [undefined, "git."]);
  assert.match((await run(["sources", "list"])).stdout, new RegExp(`^NAME .*\n${name} +github +${id} `));
  assert.equal((await run(["sources", "get", name, "--quiet"])).stdout, `${id}\n`);
  const set = JSON.parse((await run(["sources", "set", id, "--type-fallback", "git.other", "--json"])).stdout);
  assert.deepEqual([set.event_type.prefix, set.event_type.fallback], ["git.", "git.other"], "what is not named stays");
  const unasked = await run(["sources", "rotate", name]);
  assert.deepEqual([unasked.code, unasked.stdout], [2, ""]);
  assert.match(unasked.stderr, /Change the secret of the source .* pass --yes/);
  const rotated = await run(["sources", "rotate", name, "--overlap", "1h", "--yes"]);
  assert.match(rotated.stdout, /^source +src_.*\nold secret until +.*Z\nsecret +\S+\n$/);
  assert.match(rotated.stderr, /shown only now/);
  const asked = await run(["sources", "delete", name]);
  assert.deepEqual([asked.code, asked.stdout], [2, ""]);
  assert.match(asked.stderr, /pass --yes/);
  assert.equal((await run(["sources", "delete", name, "--yes"])).code, 0);
  const missing = await run(["sources", "get", name, "--json"]);
  assert.deepEqual([missing.code, JSON.parse(missing.stderr).error.code], [7, "SOURCE_NOT_FOUND"]);
});

test("the settings of the scheme hmac are options, and the server names what is missing", async () => {
  const { run } = await newCli();
  const name = newName();
  const create = ["sources", "create", name, "--scheme", "hmac", "--json"];
  const incomplete = await run([...create, "--algorithm", "sha512"]);
  assert.equal(incomplete.code, 2);
  assert.match(JSON.parse(incomplete.stderr).error.message, /hmac\.header/);
  const options = ["--signature-header", "x-signature", "--algorithm", "sha512", "--delivery-id-pointer", "/id"];
  const { id, secret, hmac } = JSON.parse((await run([...create, ...options])).stdout);
  assert.match(secret, /^whsec_/);
  assert.deepEqual([hmac.algorithm, hmac.encoding, hmac.delivery_id.pointer], ["sha512", "hex", "/id"]);
  const changed = JSON.parse((await run(["sources", "set", id, "--encoding", "base64", "--json"])).stdout);
  assert.deepEqual([changed.hmac.algorithm, changed.hmac.encoding], ["sha512", "base64"]);
  const nothing = await run(["sources", "set", id]);
  assert.deepEqual([nothing.code, nothing.stdout], [2, ""]);
});

test("refused requests are explained, tried with another secret, and published with the right one", async () => {
  const { run, tenant } = await newCli();
  const name = newName();
  const source = JSON.parse(
    (await run(["sources", "create", name, "--scheme", "github", "--secret-stdin", "--json"], "wrong")).stdout,
  );
  for (const secret of ["right", "right", "third"]) await send(source.id, secret);
  const sums = await run(["quarantine", "list", "--sums"]);
  assert.match(sums.stdout, new RegExp(`^SOURCE .*\n${name} +signature_mismatch +3 `));
  const listed = await run(["quarantine", "list", "--source", name, "--reason", "signature_mismatch", "--quiet"]);
  const ids = listed.stdout.trimEnd().split("\n");
  assert.equal(ids.length, 3);
  const explained = await run(["quarantine", "explain", ids[2] ?? ""]);
  assert.match(explained.stdout, /\nrefused because +signature_mismatch\nexplanation +The signature .*\n/);
  assert.match(explained.stdout, /\n {2}x-github-event +push\n/);

  const tried = await run(["quarantine", "try", name, "--secret-stdin", "--json"], "right\n");
  const { would_verify: good, tried: all } = JSON.parse(tried.stdout);
  assert.deepEqual([tried.code, good, all], [3, 2, 3]);
  const one = await run(["quarantine", "try", name, "--secret-stdin", "--request", ids[2] ?? ""], "right");
  assert.match(one.stdout, /\ntried +1\nwould be verified +1\n/);
  assert.equal(one.code, 0);

  const still = await run(["quarantine", "reprocess", ids[0] ?? ""]);
  assert.deepEqual([still.code, still.stdout], [3, ""]);
  assert.match(still.stderr, /still fails verification/);
  await run(["sources", "set", name, "--secret-stdin"], "right");
  const each = await run(["quarantine", "reprocess", ids[2] ?? ""]);
  assert.match(each.stdout, /^wh_\S+ is published as evt_\S+\.\n$/);
  const rest = await run(["quarantine", "reprocess", "--all", "--watch"]);
  assert.deepEqual([rest.code, rest.stdout], [3, `${name}: 1 request published, 1 cannot be verified.\n`]);
  const asJson = await run(["quarantine", "reprocess", "--source", name, "--json"]);
  assert.deepEqual(JSON.parse(asJson.stdout), { source_id: source.id, source: name, reprocessed: 0, failed: 1 });
  const { body } = await tenant.request("GET", "/v1/events");
  assert.equal(body.results.length, 2);
});

test("a reprocessing of nothing in particular is a mistake", async () => {
  const { run } = await newCli();
  for (const words of [[], ["--all", "--source", "a"], ["wh_1", "--all"]]) {
    const refused = await run(["quarantine", "reprocess", ...words]);
    assert.deepEqual([refused.code, refused.stdout], [2, ""]);
  }
  const nothing = await run(["quarantine", "reprocess", "--all"]);
  assert.deepEqual([nothing.code, nothing.stdout, nothing.stderr], [0, "", "No source has refused requests.\n"]);
  const both = await run(["sources", "set", "a", "--secret-stdin", "--secret-file", "a"], "b");
  assert.match(both.stderr, /--secret-file and --secret-stdin exclude each other/);
});

test("a shell completes ids of all kinds, and the names of sources", async (t) => {
  const { tenant, run } = await newCli(await newCliFolder(t));
  const completed = async (...words: readonly string[]) => {
    const { code, stdout, stderr } = await run(["complete", "zsh", "--", ...words]);
    assert.deepEqual([code, stderr], [0, ""]);
    return stdout.split("\n").flatMap((line) => line.split("\t")[0] || []);
  };
  const { id: endpoint } = JSON.parse((await run(["endpoints", "create", "https://a.example/", "--json"])).stdout);
  const name = `completed-${newName().replaceAll(" ", "-")}`;
  const { id } = JSON.parse((await run(["sources", "create", name, "--scheme", "github", "--json"])).stdout);
  await send(id, "another secret");
  const { body } = await tenant.request("GET", "/v1/inbound-events?valid=false");
  const [request] = (body as unknown as { data: { id: string }[] }).data;
  assert.deepEqual((await completed("open", "")).toSorted(), [endpoint, id, request?.id].toSorted());
  assert.deepEqual(await completed("open", "ep"), [endpoint]);
  assert.deepEqual(await completed("quarantine", "explain", ""), [request?.id]);
  assert.deepEqual(await completed("sources", "get", ""), [name, id]);
  assert.deepEqual(await completed("events", "list", "--source", "compl"), [name]);
  assert.equal((await run(["events", "list", "--source", name])).code, 0);
});
