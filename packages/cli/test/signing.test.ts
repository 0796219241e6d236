/** `signalbox sign` and `verify`. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { runCli } from "./run-cli.ts";

const folder = mkdtempSync(path.join(tmpdir(), "signalbox-signing-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const KEY = Buffer.alloc(32, 1).toString("base64");
const SECRET = `whsec_${KEY}`;
const BODY = '{"type":"order.created","timestamp":"2026-01-01T00:00:00Z","data":{"n":1}}';

const file = (name: string, text: string) => writeFileSync(path.join(folder, name), text);
const run = (words: readonly string[], input = "") => runCli(words, { folder, input });

file("body", BODY);
file("secret", `${SECRET}\n`);
file("other", "other");
file("key", KEY);
file("spaces", ` ${SECRET} `);

/** Sign the body, and store the headers. */
async function signed(format: string, body = BODY): Promise<void> {
  const { code, stdout, stderr } = await run(["sign", "--secret-file", "secret", "--format", format], body);
  assert.deepEqual([code, stderr], [0, ""]);
  file("headers", `HTTP/1.1 200 OK\r\nhost: a.example\r\n${stdout}\r\n`);
}

/** Verify with the stored headers. */
const verify = (words: readonly string[], body = "") => {
  const secret = words.includes("--secret-file") ? [] : ["--secret-file", "secret"];
  return run(["verify", "--headers", "headers", ...secret, ...words], body);
};

test("what `sign` signs, `verify` verifies, in every format", async () => {
  for (const format of ["standard", "plain", "pausepoint", "pacspace"]) {
    await signed(format);
    const { code, stdout } = await verify(["body", "--scheme", format, "--json"]);
    const { verified, scheme, type } = JSON.parse(stdout);
    assert.deepEqual([code, verified, scheme, type], [0, true, format, format === "plain" ? null : "order.created"]);
  }
  const jcs = await run(["sign", "body", "--secret-file", "secret", "--format", "jcs"]);
  const good = await run(["verify", "--secret-file", "secret", "--scheme", "jcs"], jcs.stdout.replaceAll(",", ", "));
  assert.match(good.stdout, /^signature +good \(jcs\)\n/);
});

test("the id, the type and the time are options of `sign`, and each header can be an option of `verify`", async () => {
  const words = [
    "sign",
    "body",
    "--secret-file",
    "secret",
    "--id",
    "evt_1",
    "--type",
    "a.b",
    "--at",
    "2026-01-31T09:00:00Z",
  ];
  const headers = JSON.parse((await run([...words, "--format", "pacspace", "--json"])).stdout);
  assert.deepEqual([headers["webhook-id"], headers["webhook-timestamp"]], ["evt_1", "1769850000"]);
  assert.equal((await run([...words, "--format", "plain", "--quiet"])).stdout, "evt_1\n");
  const each = Object.entries(headers).flatMap(([name, value]) => ["--header", `${name.toUpperCase()}: ${value}`]);
  const at = ["--at", "2026-01-31T09:04:59Z"];
  const good = await run(["verify", "body", "--secret-file", "secret", ...each, ...at, "--quiet"]);
  assert.deepEqual([good.code, good.stdout, good.stderr], [0, "evt_1\n", ""]);
});

const REASONS: readonly (readonly [name: string, body: string, options: readonly string[], message: RegExp])[] = [
  ["a line break more", `${BODY}\n`, [], /It matches without the line break at the end of the body/],
  ["another value", BODY.replace("1}", "2}"), [], /Compare the secret with that of the endpoint, and the body/],
  ["spaces", BODY.replaceAll(",", ", "), [], /the same JSON without spaces: something parsed the body/],
  ["another secret", BODY, ["--secret-file", "other"], /Compare the secret/],
  ["the key of the secret", BODY, ["--secret-file", "key"], /matches the secret with whsec_ in front of it/],
  ["spaces around the secret", BODY, ["--secret-file", "spaces"], /matches the secret without the spaces/],
  ["later", BODY, ["--at", "2100-01-01T00:00:00Z"], /signed \d+ s ago\. Apart from that the signature is good/],
  ["later and another body", `${BODY}\n`, ["--at", "2100-01-01"], /It matches without the line break.* either/],
  ["earlier", BODY, ["--at", "2000-01-01T00:00:00Z"], /in the future\. Apart from that the signature is good/],
  ["another scheme", BODY, ["--scheme", "pacspace"], /x-pacspace-signature header is missing/],
];

for (const [name, body, options, message] of REASONS) {
  test(`the reason of a failure is said: ${name}`, async () => {
    await signed("standard");
    const { code, stdout, stderr } = await verify(options, body);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, message);
  });
}

test("a delivery whose body lost something says what", async () => {
  await signed("plain", `${BODY}\n`);
  assert.match((await verify(["body"])).stderr, /It matches with a line break at the end of the body/);
  await signed("plain", JSON.stringify(JSON.parse(BODY), null, 2));
  assert.match((await verify(["body"])).stderr, /the same JSON indented by 2/);
  await signed("plain");
  const swapped = await verify(["body", "--header", "webhook-signature: v1,x", "--scheme", "standard"]);
  assert.match(swapped.stderr, /webhook-signature header is repeated/);
});

test("a body with its own signature fails with a reason", async () => {
  const jcs = (body: string) => run(["verify", "--secret-file", "secret", "--scheme", "jcs"], body);
  const { stdout } = await run(["sign", "body", "--secret-file", "secret", "--format", "jcs"]);
  for (const [body, message] of [
    [
      stdout.replace('"n":1', '"n":2'),
      /does not match this body and secret\. Compare the secret with that of the source/,
    ],
    [stdout.replace("sha256=", "sha512="), /must be sha256= and 64 digits/],
    [BODY, /no field `signature`/],
    ["[", /The body is not a JSON object/],
    [stdout.replace('"n":1', '"n":1,"n":1'), /no canonical form: The key "n" is repeated/],
  ] as const) {
    const { code, stderr } = await jcs(body);
    assert.equal(code, 1);
    assert.match(stderr, message);
  }
});

test("what is missing or cannot be read is said before anything is checked", async () => {
  for (const [words, code, message] of [
    [["sign", "body"], 2, /a secret is missing: --secret-file FILE or --secret-stdin/],
    [["sign", "--secret-stdin"], 2, /cannot both come from standard input/],
    [["sign", "none", "--secret-file", "secret"], 1, /none cannot be read/],
    [["sign", "--format", "jcs", "--secret-file", "secret"], 2, /the body cannot be signed/],
    [
      ["sign", "--type", "a", "--secret-file", "secret"],
      2,
      /--type has no effect with the format standard: the type is in/,
    ],
    [["sign", "--id", "a", "--format", "jcs", "--secret-file", "secret"], 2, /--id has no effect with the format jcs/],
    [["verify", "body", "--secret-file", "secret"], 1, /no signature header\. Pass the headers/],
    [["verify", "body", "--secret-file", "secret", "--header", "a"], 2, /--header must be NAME: VALUE/],
    [["verify", "body", "--secret-file", "secret", "--scheme", "md5"], 2, /--scheme must be one of standard/],
  ] as const) {
    const refused = await run(words);
    assert.deepEqual([refused.code, refused.stdout], [code, ""], refused.stderr);
    assert.match(refused.stderr, message);
  }
  const asJson = await run([
    "verify",
    "body",
    "--secret-file",
    "other",
    "--headers",
    "headers",
    "--scheme",
    "plain",
    "--json",
  ]);
  assert.deepEqual(JSON.parse(asJson.stderr).error.code, "signature_mismatch");
});
