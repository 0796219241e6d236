/** Runs the commands and code that the README tells people to paste. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { Signalbox, sign } from "../../packages/sdk/src/index.ts";
import { hasCommand, PROJECT_DIR, type RunningCommand, startCommand } from "../harness/command.ts";
import { startRunningReceiver } from "../harness/receiver.ts";
import { type Scope, startServer, type TestServer } from "../harness/server.ts";

const README = readFileSync(path.join(PROJECT_DIR, "README.md"), "utf8");
const TIMEOUT_MS = 600_000;

const ends: (() => void | Promise<void>)[] = [];
after(async () => {
  for (const end of ends.toReversed()) await end();
});
/** For what several tests share: an `after` that a test calls runs at that test's end. */
const wholeFile: Scope = { after: (end) => void ends.push(end) };

/** The code blocks of one language in one section, in order. */
function blocks(section: string, language: string): readonly string[] {
  const from = README.indexOf(`\n## ${section}\n`);
  assert.notEqual(from, -1, `the README has no section ${section}`);
  const text = README.slice(from, README.indexOf("\n## ", from + 1));
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, name, code]) =>
    name === language ? [code ?? ""] : [],
  );
}

async function temporaryFolder(scope: Scope): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "signalbox-readme-"));
  scope.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function addressOf(command: RunningCommand): Promise<string> {
  const line = (await command.until(/listens on http:/)).at(-1) ?? "";
  return /http:\/\/([\w.:]+)/.exec(line)?.[1] ?? "";
}

// ── The tour ────────────────────────────────────────────────────────────────────────────────────────────────────────

const missing = ["bash", "curl", "npm", "openssl"].filter((name) => !hasCommand(name));
const PASTED = {
  timeout: TIMEOUT_MS,
  skip: missing.length > 0 ? `this machine has no ${missing.join(", ")}` : false,
} as const;
const [serve = "", receive = "", setUp = "", ...steps] = blocks("A tour in five minutes", "sh");
const apiKey = /SIGNALBOX_API_KEY=(\S+)/.exec(serve)?.[1] ?? "";

interface Tour {
  readonly serverAddress: string;
  /** The second terminal. */
  readonly receiver: RunningCommand;
  /** The third terminal. */
  readonly terminal: RunningCommand;
  /** Pastes the text into the third terminal. */
  type(text: string): void;
  /** Pastes the text, which must succeed, and returns what it prints. */
  ask(step: string | undefined): Promise<string>;
}

let opened: Promise<Tour> | null = null;

/** The three terminals of the tour, which the following sections use too. */
async function openTour(): Promise<Tour> {
  const folder = path.join(await temporaryFolder(wholeFile), "tour");
  const receiver = paste(wholeFile, receive);
  const serverAddress = await addressOf(paste(wholeFile, changed(serve, "data/tour", folder)));
  const receiverAddress = await addressOf(receiver);
  const terminal = startCommand(wholeFile, ["bash"]);
  const type = (text: string) => {
    const typed = text.replaceAll("127.0.0.1:8080", serverAddress).replaceAll("127.0.0.1:9000", receiverAddress);
    terminal.type(`${typed}\necho "=== $?"\n`);
  };
  const ask = async (step = "") => {
    type(step);
    const answer = (await terminal.until(/^=== \d+$/)).join("\n");
    assert.match(answer, /=== 0$/, answer);
    assert.doesNotMatch(answer, /"error":\{/, answer);
    return answer;
  };
  await ask(setUp);
  return { serverAddress, receiver, terminal, type, ask };
}

function tour(): Promise<Tour> {
  opened ??= openTour();
  return opened;
}

test("the tour works as pasted", PASTED, async () => {
  const [register, publish, pause, resume, fail, history, fix, replay, rotate, everything, ...more] = steps;
  assert.deepEqual(more, [], "a step of the tour is not tested");
  const { serverAddress, receiver, ask } = await tour();
  assert.match(await ask(register), /"id":"ep_[^"]+".*"status":"ACTIVE"/);

  assert.match(await ask(publish), /"event_id":"evt_/);
  const [first] = await receiver.until(/^received/);
  assert.match(first ?? "", /^received \{"type":"order\.created",.*"data":\{"order": 1, "total": 19\.90\}\}$/);

  const held = await ask(pause);
  assert.equal(held.match(/"status":"HELD"/g)?.length, 2, held);
  await ask(resume);
  const resumed = await receiver.until(/order\.shipped/);
  assert.equal(resumed.length, 2);
  assert.match(resumed[0] ?? "", /^received \{"type":"order\.paid"/);

  await ask(fail);
  assert.equal((await receiver.until(/^failing/)).length, 1);
  assert.equal((await receiver.until(/^failing/)).length, 1);
  await outcome(new Signalbox({ url: `http://${serverAddress}`, apiKey }), "invoice.due", "FAILED");
  const failed = await ask(history);
  assert.match(failed, /"status":"FAILED","attempts_count":2/);
  assert.equal(failed.match(/"http_status":500/g)?.length, 2, failed);

  assert.match(await ask(fix), /"status":"PENDING"/);
  assert.equal((await receiver.until(/^received \{"type":"invoice\.due"/)).length, 1);
  assert.match(await ask(replay), /"created_deliveries":1/);
  assert.equal((await receiver.until(/^repeated evt_/)).length, 1);

  assert.match(await ask(rotate), /"secret":"whsec_/);
  assert.equal((await receiver.until(/^received \{"type":"order\.closed"/)).length, 1);
  const all = await ask(everything);
  assert.equal(all.match(/"id":"del_/g)?.length, 6, all);
});

test("asking a person works as pasted", PASTED, async () => {
  const [asking = "", ...more] = blocks("Ask a person", "sh");
  assert.deepEqual(more, []);
  const { terminal, type } = await tour();
  type(asking);
  const asked = (await terminal.until(/"respond_url"/)).at(-1) ?? "";
  const link = /"respond_url":"([^"]+)"/.exec(asked)?.[1] ?? "";
  assert.match(await (await fetch(link)).text(), /Pay 340 EUR to Acme\?/);
  await fetch(link, { method: "POST", body: new URLSearchParams({ choice: "Approve" }) });
  const decided = (await terminal.until(/^=== \d+$/)).join("\n");
  assert.match(decided, /"status":"responded",.*"response_choice":"Approve"/);
  assert.match(decided, /=== 0$/);
});

test("receiving webhooks works as pasted", PASTED, async () => {
  const [taking = "", refused = "", ...more] = blocks("Accept other services' webhooks", "sh");
  assert.deepEqual(more, []);
  const { terminal, type } = await tour();
  type(taking);
  const taken = (await terminal.until(/=== \d+$/)).join("\n");
  assert.match(taken, /\{"received":true,"inbound_event_id":"wh_[^"]+","event_id":"evt_[^"]+"\}/);
  type(refused);
  const listed = (await terminal.until(/=== \d+$/)).join("\n");
  assert.match(listed, /"code":"UNAUTHORIZED"/);
  assert.match(
    listed,
    /"rejection_reason":"signature_mismatch","explanation":"[^"]* The signature matches the body as Python's/,
  );
});

/** Pastes the text into a new terminal. Servers that it starts use a free port. */
function paste(scope: Scope, text: string): RunningCommand {
  return startCommand(scope, ["bash", "-c", text], { PORT: "0" });
}

/** Replaces the one value that a test must not share with others. */
function changed(text: string, from: string, to: string): string {
  assert.equal(text.split(from).length, 2, `${from} must occur once in ${text}`);
  return text.replace(from, to);
}

async function outcome(signalbox: Signalbox, type: string, status: string): Promise<void> {
  for await (const { data } of signalbox.stream({ lastEventId: "0" })) {
    if (data.event_type === type && data.status === status) return;
  }
}

// ── The verification code ───────────────────────────────────────────────────────────────────────────────────────────

let started: Promise<TestServer> | null = null;

/** A server whose tests use event types of their own. */
function ownServer(): Promise<TestServer> {
  started ??= startServer(wholeFile);
  return started;
}

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const OTHER_SECRET = `whsec_${Buffer.alloc(32, 8).toString("base64")}`;
const TOO_FAR_MS = 310_000;

type VerifyWebhook = (body: string | Buffer, headers: object, secret: string) => { id: string; event: unknown };

async function nodeFunction(t: TestContext): Promise<VerifyWebhook> {
  const [code = "", ...more] = blocks("Receive", "js");
  assert.deepEqual(more, []);
  const file = path.join(await temporaryFolder(t), "verify.mjs");
  await writeFile(file, code);
  return ((await import(pathToFileURL(file).href)) as { verifyWebhook: VerifyWebhook }).verifyWebhook;
}

test("the README's Node function accepts what Signalbox sends, in every format and during a rotation", {
  timeout: TIMEOUT_MS,
}, async (t) => {
  const verifyWebhook = await nodeFunction(t);
  const server = await ownServer();
  const receiver = await startRunningReceiver(t);
  for (const format of ["plain", "standard", "pausepoint", "pacspace"]) {
    const body = { url: receiver.url, format, secret: SECRET, event_types: [`a.${format}`] };
    const endpoint = await server.request("POST", "/v1/endpoints", { body });
    const rotation = { secret: OTHER_SECRET };
    await server.request("POST", `/v1/endpoints/${endpoint.body.id}/rotate-secret`, { body: rotation });
    const event = { type: `a.${format}`, payload: { grüße: "😀" } };
    const published = await server.request("POST", "/v1/events", { body: event });
    const received = await receiver.next();
    for (const secret of [SECRET, OTHER_SECRET]) {
      const verified = verifyWebhook(received.body, received.headers, secret);
      assert.deepEqual(verified, { id: published.body.event_id, event: JSON.parse(received.body) });
      assert.deepEqual(verifyWebhook(Buffer.from(received.body), received.headers, secret), verified);
    }
  }
});

test("the README's Node function rejects everything else", async (t) => {
  const verifyWebhook = await nodeFunction(t);
  const body = '{"type":"a.b","data":{}}';
  const good = await sign({ secret: SECRET, body, format: "pacspace" });
  const { id } = verifyWebhook(body, good, SECRET);
  assert.equal(id, good["webhook-id"]);
  const refused = (headers: object, text = body) => assert.throws(() => verifyWebhook(text, headers, SECRET), Error);
  refused(good, '{"type":"a.b","data":{"more":1}}');
  refused(await sign({ secret: OTHER_SECRET, body }));
  refused(await sign({ secret: SECRET, body, timestamp: new Date(Date.now() - TOO_FAR_MS) }));
  refused(await sign({ secret: SECRET, body, timestamp: new Date(Date.now() + TOO_FAR_MS) }));
  refused({ ...good, "webhook-id": "evt_another" });
  refused({ ...good, "webhook-timestamp": String(Number(good["webhook-timestamp"]) - 1) });
  refused({ ...good, "webhook-timestamp": "soon" });
  refused({ ...good, "webhook-signature": "v1,x" });
  for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"]) refused({ ...good, [name]: undefined });
});

test("the README's Python function is the one in examples/receiver.py", () => {
  const [code = "", ...more] = blocks("Receive", "python");
  assert.deepEqual(more, []);
  const example = readFileSync(path.join(PROJECT_DIR, "examples/receiver.py"), "utf8");
  const definition = code.slice(code.indexOf("def "));
  assert.ok(example.includes(definition));
  for (const line of code.slice(0, code.indexOf("def ")).trim().split("\n")) assert.ok(example.includes(`${line}\n`));
});

// ── The receivers ───────────────────────────────────────────────────────────────────────────────────────────────────

const RECEIVERS = [
  { file: "examples/receiver.ts", command: process.execPath },
  { file: "examples/receiver.py", command: "python3" },
] as const;

for (const { file, command } of RECEIVERS) {
  test(`${file} accepts a delivery once, drops repeats, and rejects forged and old requests`, {
    timeout: TIMEOUT_MS,
    skip: hasCommand(command) ? false : `this machine has no ${command}`,
  }, async (t) => {
    const server = await ownServer();
    const receiver = startCommand(t, [command, file], { PORT: "0", WEBHOOK_SECRET: SECRET });
    const url = `http://${await addressOf(receiver)}/`;
    const type = file.replace("examples/", "");
    const endpoint = { url, format: "standard", secret: SECRET, event_types: [type] };
    await server.request("POST", "/v1/endpoints", { body: endpoint });
    const published = await server.request("POST", "/v1/events", { body: { type, payload: { é: 1 } } });
    const taken = await receiver.until(/^received/);
    assert.match(taken.at(-1) ?? "", /^received \{"type":"receiver\.\w+",.*"data":\{"é":1\}\}$/);

    const [delivery] = published.body.deliveries;
    await server.request("POST", "/v1/replays", { body: { delivery_ids: [delivery?.delivery_id] } });
    const repeated = await receiver.until(/^repeated/);
    assert.deepEqual(repeated, [`repeated ${published.body.event_id}`]);

    const body = '{"type":"a.b","data":{}}';
    const post = async (headers: Record<string, string>) =>
      (await fetch(url, { method: "POST", headers, body })).status;
    assert.equal(await post(await sign({ secret: SECRET, body })), 204);
    assert.equal(await post(await sign({ secret: OTHER_SECRET, body })), 401);
    const old = new Date(Date.now() - TOO_FAR_MS);
    assert.equal(await post(await sign({ secret: SECRET, body, timestamp: old })), 401);
    // A valid signature without a timestamp, which the receiver must not accept.
    const { "x-pausepoint-signature": bare = "" } = await sign({ secret: SECRET, body, format: "pausepoint" });
    assert.equal(await post({ "x-pausepoint-signature": bare }), 401);
  });
}
