/** `signalbox listen`: real deliveries to a real local service, and the list in a terminal. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, type TestContext, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { newCliFolder, runCli, startCli } from "../../../packages/cli/test/run-cli.ts";
import { verify } from "../../../packages/sdk/src/index.ts";
import { hasCommand, PROJECT_DIR } from "../../harness/command.ts";
import { polled, signalled } from "../../harness/deadline.ts";
import { newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });

interface Received {
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Service {
  readonly url: string;
  readonly received: Received[];
}

type Misbehave = (response: http.ServerResponse) => void;

/** How the service responds to an event type; to others with `ok`. */
const FAULTS: Readonly<Record<string, Misbehave>> = {
  "bad.status": (response) => response.writeHead(500).end("boom \u001b[31m\nmore"),
  "bad.redirect": (response) => response.writeHead(302, { location: "http://127.0.0.1:9/" }).end(),
  "bad.head": (response) => response.writeHead(200, { filler: "a".repeat(20_000) }).end(),
  "bad.reset": (response) => response.socket?.destroy(),
  "good.large": (response) => response.end(Buffer.alloc(10_000_000, "a")),
  "busy.now": (response) => response.writeHead(429, { "retry-after": "60" }).end("later"),
};

async function startService(t: TestContext): Promise<Service> {
  const received: Received[] = [];
  const service = http.createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    received.push({ headers: request.headers, body });
    const fault = FAULTS[JSON.parse(body.toString()).type];
    if (fault === undefined) response.end("ok");
    else fault(response);
  });
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    service.closeAllConnections();
    service.close();
  });
  const { port } = service.address() as { port: number };
  return { url: `http://127.0.0.1:${port}/hook`, received };
}

async function stage(t: TestContext) {
  const client = await newTenant(server);
  const folder = await newCliFolder(t);
  const env = { SIGNALBOX_URL: server.url, SIGNALBOX_API_KEY: client.apiKey, SIGNALBOX_CONFIG: folder };
  const listen = (...words: string[]) => {
    const running = startCli(["listen", "--name", "ada", ...words], { env, folder });
    t.after(async () => {
      running.interrupt();
      await running.finished;
    });
    return running;
  };
  const publish = (type: string, payload: string = '{"n": 1.0}') =>
    client.request("POST", "/v1/events", { body: `{"type":"${type}","payload":${payload}}` });
  return { client, folder, env, listen, publish };
}

interface Listed {
  readonly id: string;
  readonly event_types: readonly string[] | null;
}

const OTHER_SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";

/** The attempts that `--json` printed. */
function attemptsIn(stdout: string): Readonly<Record<string, unknown>>[] {
  const values = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return values.filter(({ type }) => type === "attempt");
}

test("what the local service does is the attempt's outcome, and a sentence", async (t) => {
  const { listen, publish, client } = await stage(t);
  const service = await startService(t);
  const listening = listen("--forward-to", service.url, "--forward", `down.*=http://127.0.0.1:9/`);
  await listening.says(/Connected\./);
  for (const type of ["down.now", ...Object.keys(FAULTS)].filter((each) => each !== "busy.now"))
    assert.equal((await publish(type)).status, 202);
  for (const line of [
    /500 .* bad\.status {2}del_\S+ {2}boom \\u001b\[31m\n/,
    /302 .* bad\.redirect .* redirects are not followed: http:\/\/127\.0\.0\.1:9\/\n/,
    /answer_head_too_large .* bad\.head /,
    /reset .* bad\.reset .* it closed the connection before it responded\n/,
    /200 .* good\.large {2}del_\S+\n/,
    /connect_refused .* down\.now .* 127\.0\.0\.1:9: nothing listens there\n/,
  ]) {
    await listening.says(line);
  }
  // It asks the whole listener to wait.
  await publish("busy.now");
  await listening.says(/429 .* busy\.now .* retry-after: 60 later\n/);
  listening.interrupt();
  assert.equal((await listening.finished).code, 130);
  const { body } = await client.request("GET", "/v1/deliveries?classification=connect_refused");
  assert.equal(body.results.length, 1);
});

test("what waited arrives in order, byte for byte, signed with the secret that the command keeps", async (t) => {
  const { listen, publish, folder } = await stage(t);
  const service = await startService(t);
  const first = await listen("--forward-to", service.url, "--until", "1s").finished;
  assert.equal(first.code, 0, first.stderr);
  for (const n of ["1.0", "2.00", "3"]) await publish("order.paid", `{"n": ${n}}`);
  const { code, stdout } = await listen("--forward-to", service.url, "--json", "--until", "delivered=3").finished;
  assert.equal(code, 0);
  assert.equal(JSON.parse(stdout.split("\n", 1)[0] ?? "").waiting.count, 3);
  assert.equal(attemptsIn(stdout).length, 3);
  const { stdout: printed } = await listen("--print-secret").finished;
  const secret = printed.trim();
  assert.match(secret, /^whsec_/);
  const numbers = new Set<string>();
  for (const { headers, body } of service.received) {
    await verify({ headers, body, secret, scheme: "standard" });
    numbers.add(/"n": ?([\d.]+)/.exec(body.toString())?.[1] ?? "");
  }
  assert.deepEqual(numbers, new Set(["1.0", "2.00", "3"]));
  const file = path.join(folder, "credentials.json");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(readFileSync(file, "utf8").includes(secret));
});

test("one terminal listens: a second is refused, and can take over", async (t) => {
  const { listen, client } = await stage(t);
  const service = await startService(t);
  const first = listen("--forward-to", service.url);
  await first.says(/Connected\./);
  const second = await listen("--forward-to", service.url).finished;
  assert.equal(second.code, 8);
  assert.match(second.stderr, /ada is in use by \S+@\S+ since 20\S+Z\. Pass --takeover/);
  const third = listen("--forward-to", service.url, "--takeover");
  const { code, stderr } = await first.finished;
  assert.equal(code, 8);
  assert.match(stderr, /took over ada\. To take it back, pass --takeover\.\n$/);
  await third.says(/Connected\./);
  await client.request("POST", "/v1/auth/keys/revoke", { body: {} });
  const revoked = await third.finished;
  assert.equal(revoked.code, 6, revoked.stderr);
  // It depends on what it hears first: the end of the stream, or the answer to its next request.
  assert.match(revoked.stderr, /The key was revoked|does not accept this key/);
});

test("a start that is refused or fails changes nothing", async (t) => {
  const { listen, publish, client, env, folder } = await stage(t);
  const service = await startService(t);
  const unwritable = await listen("--forward-to", service.url, "--record", "/dev/full/x").finished;
  assert.deepEqual([unwritable.code, unwritable.stdout], [1, ""]);
  assert.deepEqual((await client.request("GET", "/v1/listeners")).body, []);

  const first = listen("--forward-to", service.url, "--events", "order.*");
  await first.says(/Connected\./);
  const listeners = async () => (await client.request("GET", "/v1/listeners")).body as unknown as Listed[];
  const [before] = await listeners();
  assert.ok(before !== undefined);
  // What a person paused waits, also while somebody listens.
  await client.request("PATCH", `/v1/endpoints/${before.id}`, { body: { status: "PAUSED" } });
  await publish("order.paid");
  const secretOf = async () => (await listen("--print-secret").finished).stdout;
  const secret = await secretOf();
  const others = await newCliFolder(t);
  const refused: readonly (readonly [config: string, ...words: string[]])[] = [
    [folder, "--events", "zzz.x"],
    [folder, "--fresh", "--yes"],
    [folder, "--secret-stdin"],
    [others],
  ];
  for (const [config, ...words] of refused) {
    const line = ["listen", "--name", "ada", "--forward-to", service.url, ...words];
    const { code, stderr } = await runCli(line, {
      env: { ...env, SIGNALBOX_CONFIG: config },
      folder,
      input: OTHER_SECRET,
    });
    assert.equal(code, 8, stderr);
    assert.match(stderr, /ada is in use by \S+@\S+ since 20\S+Z\. Pass --takeover/);
  }
  assert.equal(await secretOf(), secret);
  assert.deepEqual((await listeners())[0]?.event_types, ["order.*"]);
  await client.request("PATCH", `/v1/endpoints/${before.id}`, { body: { status: "ACTIVE" } });
  await first.says(/200 .* order\.paid/);
  const [{ headers, body } = assert.fail("nothing came")] = service.received;
  await verify({ headers, body, secret: secret.trim(), scheme: "standard" });
});

test("of several starts at once, one listens, with its own options", async (t) => {
  const { env, client } = await stage(t);
  const service = await startService(t);
  const starts = await Promise.all(
    ["a.*", "b.*", "c.*"].map(async (events) => {
      const folder = await newCliFolder(t);
      const words = ["listen", "--name", "ada", "--forward-to", service.url, "--events", events];
      return { events, start: startCli(words, { env: { ...env, SIGNALBOX_CONFIG: folder }, folder }) };
    }),
  );
  t.after(async () => {
    for (const { start } of starts) start.interrupt();
    await Promise.all(starts.map(({ start }) => start.finished));
  });
  const ended: (number | null)[] = [];
  const winners = await Promise.all(
    starts.map(({ events, start }) =>
      Promise.race([
        start.says(/Connected\./).then(() => [events]),
        start.finished.then(({ code }) => {
          ended.push(code);
          return [];
        }),
      ]),
    ),
  );
  assert.deepEqual([winners.flat().length, ended], [1, [8, 8]]);
  // The winner's options count once it is connected, whatever the others put before.
  await polled(async () => {
    const { body } = await client.request("GET", "/v1/listeners");
    const [listed] = body as unknown as Listed[];
    return String(listed?.event_types) === String(winners.flat()) ? true : null;
  }, "the winner's options");
});

test("a command handles deliveries: its exit code is the status, its output the body", async (t) => {
  const { listen, publish, client, env } = await stage(t);
  const command =
    'read -r body; echo "$WEBHOOK_EVENT_TYPE $WEBHOOK_ID"; case "$body" in *later*) exit 75;; *wrong*) exit 1;; esac';
  const listening = listen("--exec", command);
  await listening.says(/Connected\./);
  for (const type of ["job.fine", "job.later", "job.wrong"]) await publish(type);
  await listening.says(/200 .* job\.fine/);
  await listening.says(/503 .* job\.later .* job\.later evt_/);
  await listening.says(/500 .* job\.wrong .* job\.wrong evt_/);
  const { body } = await client.request("GET", "/v1/deliveries?status=DELIVERED");
  assert.equal(body.results.length, 1);
  const attempt = await runCli(["deliveries", "get", body.results[0]?.id ?? "", "--attempt", "1"], { env });
  assert.match(attempt.stdout, /^total ms {2}\d+\nmade by {3}\S+@\S+$/m, "though the command measured nothing");
});

test("a command's exit is its answer, whatever it leaves in the background", async (t) => {
  const { listen, publish, folder } = await stage(t);
  const listening = listen("--exec", "sleep 600 & echo $! > background; echo done", "--until", "delivered=1");
  await listening.says(/Connected\./);
  await publish("job.started");
  const { code, stdout } = await listening.finished;
  const pid = Number(readFileSync(path.join(folder, "background"), "utf8"));
  assert.ok(process.kill(pid, "SIGKILL"), "it goes on");
  assert.deepEqual([code, /200 .* job\.started/.test(stdout)], [0, true], stdout);
});

test("a recorded request is sent again with a new signature", async (t) => {
  const { listen, publish, folder, env } = await stage(t);
  const service = await startService(t);
  await publish("order.early"); // before there is a listener
  const listening = listen("--forward-to", service.url, "--record", "requests", "--until", "delivered=1");
  await listening.says(/Connected\./);
  await publish("order.paid");
  assert.equal((await listening.finished).code, 0);
  const [name = "", ...others] = readdirSync(path.join(folder, "requests"));
  assert.match(name, /^\d{8}T\d{9}Z-order\.paid-del_[0-9a-f-]+-1\.json$/);
  assert.equal(others.length, 0);
  const file = path.join(folder, "requests", name);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const resent = await runCli(["resend", file, "--to", service.url, "--json"], { env, folder });
  assert.equal(resent.code, 0, resent.stderr);
  const [before, again] = service.received;
  assert.ok(before !== undefined && again !== undefined);
  assert.deepEqual([again.body, again.headers["webhook-id"]], [before.body, before.headers["webhook-id"]]);
  const secret = (await listen("--print-secret").finished).stdout.trim();
  await verify({ headers: again.headers, body: again.body, secret, scheme: "standard" });
  const refused = await runCli(["resend", file, "--to", "http://127.0.0.1:9/"], { env, folder });
  assert.deepEqual([refused.code, /^connect_refused {2}order\.paid/.test(refused.stdout)], [3, true]);
});

const skip = hasCommand("script") ? false : "this machine has no script";
test("in a terminal of 40 columns a list has keys, and the terminal is given back", { skip }, async (t) => {
  const { client, publish, env } = await stage(t);
  const service = await startService(t);
  await client.request("POST", "/v1/listeners", { body: { name: "ada" } });
  await publish("order.old");
  const main = path.join(PROJECT_DIR, "src/main.js");
  const line = `stty cols 40 rows 12; '${process.execPath}' '${main}' listen --name ada --fresh --forward-to ${service.url}`;
  const terminal = spawn("script", ["-qec", line, "/dev/null"], {
    env: { ...env, PATH: process.env.PATH, TERM: "xterm" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => terminal.kill("SIGKILL"));
  const exited = new Promise<number | null>((resolve) => terminal.on("close", resolve));
  let output = "";
  const shows = async (pattern: RegExp) => {
    const { promise, give } = signalled<void>(`${pattern} on the screen`);
    const look = () => {
      const [frame = ""] = output.split("\u001b[H").slice(-1);
      if (pattern.test(stripVTControlCharacters(frame))) give();
    };
    terminal.stdout.on("data", look);
    look();
    await promise.finally(() => terminal.stdout.off("data", look));
  };
  terminal.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await shows(/Cancel 1 delivery that waits\? \[y\/N\]/);
  terminal.stdin.write("y\n");
  await shows(/Connected\.\s+Nothing has arrived yet/);
  await publish("order.paid");
  await publish("bad.status");
  await shows(/200 order\.paid/);
  await shows(/500 bad\.status/);
  terminal.stdin.write("\u001b[4~");
  await shows(/>\d\d:\d\d:\d\dZ 200 order\.paid/);
  terminal.stdin.write("\u001b[1~");
  await shows(/>\d\d:\d\d:\d\dZ 500 bad\.status/);
  terminal.stdin.write("/paid\r");
  await shows(/Filter: paid[\s\S]*>\d\d:\d\d:\d\dZ 200 order\.paid\s+d details/);
  terminal.stdin.write("?");
  await shows(/replay, as a new delivery/);
  terminal.stdin.write("d");
  await shows(/order\.paid {2}attempt 1/);
  for (const frame of output.split("\u001b[H").slice(1, -1)) {
    for (const each of stripVTControlCharacters(frame).split(/[\r\n]+/)) assert.ok(each.length <= 40, each);
  }
  terminal.stdin.write("q");
  assert.equal(await exited, 0);
  assert.ok(output.includes("\u001b[?1049l"), output);
});
