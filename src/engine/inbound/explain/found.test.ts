/** What explanations find, of each scheme: a request is signed as somebody would who gets one thing wrong. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import {
  hmacSettings,
  NOW,
  NOW_SECONDS,
  requestOf,
  SECRET,
  settingsOf,
} from "../../../../test/fixtures/inbound-requests.ts";
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import type { SourceSettings } from "../../../domain/inbound/source.ts";
import { verifyRequest } from "../verify.ts";
import { explainRejection } from "./explain.ts";

type Encoding = "hex" | "base64" | "base64url";

interface Wrong {
  /** The body that is signed, when it is not the one that is sent. */
  readonly signed?: string;
  readonly key?: string | Uint8Array;
  readonly algorithm?: string;
  readonly encoding?: Encoding;
}

interface Sender {
  readonly name: string;
  readonly settings: SourceSettings;
  readonly send: (body: string, wrong: Wrong) => InboundRequest;
}

interface Form {
  readonly name: string;
  readonly settings: SourceSettings;
  readonly encoding?: Encoding;
  readonly ahead?: string;
  readonly headers: (signature: string) => object;
}

/** Of a scheme that signs something and then the body. */
function sender({ name, settings, encoding = "hex", ahead = "", headers }: Form): Sender {
  const send: Sender["send"] = (body, wrong) => {
    const content = ahead + (wrong.signed ?? body);
    const digest = createHmac(wrong.algorithm ?? "sha256", wrong.key ?? keyOf(settings)).update(content);
    return requestOf(headers(digest.digest(wrong.encoding ?? encoding)), body);
  };
  return { name, settings, send };
}

function keyOf({ scheme }: SourceSettings): string | Buffer {
  return scheme === "standard-webhooks" ? Buffer.from(SECRET.slice("whsec_".length), "base64") : SECRET;
}

const time = NOW_SECONDS;
const SENDERS: readonly Sender[] = [
  sender({
    name: "github",
    settings: settingsOf("github"),
    headers: (signature) => ({ "X-Hub-Signature-256": `sha256=${signature}` }),
  }),
  sender({
    name: "shopify",
    settings: settingsOf("shopify"),
    encoding: "base64",
    headers: (signature) => ({ "X-Shopify-Hmac-Sha256": signature }),
  }),
  sender({
    name: "pausepoint",
    settings: settingsOf("pausepoint"),
    headers: (signature) => ({ "X-PausePoint-Signature": `sha256=${signature}` }),
  }),
  sender({
    name: "stripe",
    settings: settingsOf("stripe"),
    ahead: `${time}.`,
    headers: (signature) => ({ "Stripe-Signature": `t=${time},v1=${signature}` }),
  }),
  sender({
    name: "slack",
    settings: settingsOf("slack"),
    ahead: `v0:${time}:`,
    headers: (signature) => ({ "X-Slack-Request-Timestamp": time, "X-Slack-Signature": `v0=${signature}` }),
  }),
  sender({
    name: "pacspace",
    settings: settingsOf("pacspace"),
    ahead: `${time}.`,
    headers: (signature) => ({ "X-PacSpace-Timestamp": time, "X-PacSpace-Signature": `v1=${signature}` }),
  }),
  sender({
    name: "standard-webhooks",
    settings: settingsOf("standard-webhooks"),
    encoding: "base64",
    ahead: `msg_1.${time}.`,
    headers: (signature) => ({
      "webhook-id": "msg_1",
      "webhook-timestamp": time,
      "webhook-signature": `v1,${signature}`,
    }),
  }),
  sender({ name: "hmac", settings: hmacSettings(), headers: (signature) => ({ "X-Hash": signature }) }),
  sender({
    name: "jcs in a header",
    settings: settingsOf("jcs"),
    headers: (signature) => ({ "X-Hub-Signature-256": `sha256=${signature}` }),
  }),
];

const TWILIO_URL = "https://a.example/in/1";
/** Of a request without a body: the URL is what is signed. */
const TWILIO: Sender = {
  name: "twilio",
  settings: settingsOf("twilio"),
  send(_, { key = SECRET, algorithm = "sha1", encoding = "base64" }) {
    const digest = createHmac(algorithm, key).update(TWILIO_URL).digest(encoding);
    return requestOf({ "X-Twilio-Signature": digest }, "", TWILIO_URL);
  },
};

/** What is signed is the body without its field, whatever text is sent. */
const EMBEDDED: Sender = {
  name: "jcs",
  settings: settingsOf("jcs"),
  send(body, { signed = body, key = SECRET, algorithm = "sha256", encoding = "hex" }) {
    const signature = `sha256=${createHmac(algorithm, key).update(signed).digest(encoding)}`;
    return requestOf({}, body.replace(/\}$/, `${body === "{}" ? "" : ","}"signature":"${signature}"}`));
  },
};

function explained({ settings }: Sender, request: InboundRequest, secret = SECRET): string {
  const verification = verifyRequest(settings, [secret], request, NOW);
  assert.equal(verification.kind, "rejected");
  const text = explainRejection(settings, [secret], request, verification);
  assert.ok(!text.includes(secret.trim()), text);
  assert.doesNotMatch(text, /[0-9a-f]{40}|[A-Za-z0-9+/]{27}=/, "no signature");
  return text;
}

// ── The body ────────────────────────────────────────────────────────────────────────────────────────────────────────

const E = "\\u00e9";
/** With a number that `JSON.parse` would spell otherwise, and keys that it would put in another order. */
const SENT = `{"u":"https://a.example/é","obj":{"10":1.50,"2":"<'+&=>\\""},"e":[],"f":{}}`;

/** `SENT` with other white space. */
const SPACED = `{"u": "https://a.example/é", "obj": {"10": 1.50, "2": "<'+&=>\\""}, "e": [], "f": {}}`;
const SORTED = `{"e":[],"f":{},"obj":{"10":1.50,"2":"<'+&=>\\""},"u":"https://a.example/é"}`;
const SPACED_SORTED = `{"e": [], "f": {}, "obj": {"10": 1.50, "2": "<'+&=>\\""}, "u": "https://a.example/é"}`;
const indented = (by: string): string =>
  [
    "{",
    `${by}"u": "https://a.example/é",`,
    `${by}"obj": {`,
    `${by}${by}"10": 1.50,`,
    `${by}${by}"2": "<'+&=>\\""`,
    `${by}},`,
    `${by}"e": [],`,
    `${by}"f": {}`,
    "}",
  ].join("\n");

const ascii = (text: string): string => text.replaceAll("é", E);
const slashed = (text: string): string => text.replaceAll("/", "\\/");
const html = (text: string): string => text.replace("<", "\\u003c").replace("&", "\\u0026").replace(">", "\\u003e");

const SPELLINGS: readonly (readonly [signed: string, expected: RegExp])[] = [
  [`{"u":"https://a.example/é","obj":{"2":"<'+&=>\\"","10":1.5},"e":[],"f":{}}`, /JSON\.stringify/],
  [ascii(SPACED), /as Python's json\.dumps writes it/],
  [ascii(slashed(SENT)), /as PHP's json_encode writes it, with its slashes escaped/],
  [ascii(SENT), /as PHP's json_encode, or Python's json\.dumps without spaces, writes it/],
  [html(SENT), /as Go's encoding\/json or Rails' to_json writes it/],
  [SPACED, /as Python's json\.dumps with ensure_ascii=False/],
  [
    `{"u":"https://a.example/\\u00E9","obj":{"10":1.50,"2":"\\u003C\\u0027\\u002B\\u0026=\\u003E\\u0022"},"e":[],"f":{}}`,
    /as \.NET's JsonSerializer/,
  ],
  [slashed(SENT), /as PHP's json_encode with JSON_UNESCAPED_UNICODE/],
  [html(SENT).replace("'", "\\u0027").replace("=", "\\u003d"), /as Java's Gson/],
  [
    `{"e": [], "f": {}, "u": "https://a.example/é", "obj": {"2": "<'+&=>\\"", "10": 1.50}}`,
    /as a jsonb column of PostgreSQL or a JSON column of MySQL/,
  ],
  [ascii(SORTED), /as Python's json\.dumps with sort_keys and without spaces/],
  [ascii(SPACED_SORTED), /as Python's json\.dumps with sort_keys writes it/],
  [SORTED, /as JSON without spaces and with its keys sorted/],
  [html(SORTED), /as Go's encoding\/json writes a map/],
  [ascii(slashed(SORTED)), /as PHP's json_encode writes it once its keys are sorted/],
  [SPACED_SORTED, /as Python's json\.dumps with sort_keys and ensure_ascii=False/],
  [indented("  "), /as JSON with an indent of 2/],
  [ascii(indented("  ")), /as Python's json\.dumps with an indent of 2/],
  [html(indented("  ")), /as Go's encoding\/json with an indent of 2/],
  [
    `{\n  "e": [],\n  "f": {},\n  "obj": {\n    "10": 1.50,\n    "2": "<'+&=>\\""\n  },\n  "u": "https://a.example/${E}"\n}`,
    /as Python's json\.dumps with sort_keys and an indent of 2/,
  ],
  [indented("    "), /as JSON with an indent of 4/],
  [ascii(indented("    ")), /as Python's json\.dumps with an indent of 4/],
  [ascii(slashed(indented("    "))), /as PHP's json_encode with JSON_PRETTY_PRINT/],
  [indented("\t"), /as JSON with tabs/],
  [html(indented("\t")), /as Go's encoding\/json with tabs/],
];

describe("a body that was signed in another spelling", () => {
  for (const from of [...SENDERS, EMBEDDED]) {
    it(`is recognised by its writer: ${from.name}`, () => {
      for (const [signed, expected] of SPELLINGS) {
        const text = explained(from, from.send(SENT, { signed }));
        assert.match(text, /It does fit the body/);
        assert.match(text, expected);
      }
    });

    it(`is recognised the other way round, whoever wrote it anew: ${from.name}`, () => {
      // Of one that carries its signature the canonical form is the same: nothing was changed.
      if (from === EMBEDDED) return;
      const raw = '{"a":"é","u":"https://x/<1>"}';
      for (const sent of [ascii(raw), slashed(raw), ascii(slashed(raw)), html(raw), html(ascii(raw))]) {
        assert.match(explained(from, from.send(sent, { signed: raw })), /JSON\.stringify\(JSON\.parse\(body\)\)/, sent);
      }
      const python = '{"a": "\\u00e9", "n": 12.0}';
      assert.match(explained(from, from.send('{"a":"é","n":12.0}', { signed: python })), /Python's json\.dumps writes/);
      assert.match(
        explained(from, from.send(python, { signed: '{"a":"é","n":12.0}' })),
        /JSON without spaces, its numbers and the order of its keys as they came/,
      );
    });
  }

  it("is not looked for in all spellings when it is large, and nobody is told otherwise", () => {
    const [github = assert.fail()] = SENDERS;
    const large = JSON.stringify({ text: "é".repeat(100_000), z: 1, a: 2 });
    const send = (signed: string): string => explained(github, github.send(large, { signed }));
    assert.match(send(ascii(large)), /Python's json\.dumps without spaces, writes it/);
    assert.match(send("another"), /none of the likeliest other spellings .*so large a body/);
    assert.match(explained(github, github.send(SENT, { signed: "another" })), /no other spelling of the body/);
  });
});

// ── The secret ──────────────────────────────────────────────────────────────────────────────────────────────────────

const KEY_BYTES = Buffer.from("fbefbe00112233445566778899aabbccddeeff0011223344", "hex");
const SECRETS: readonly (readonly [ours: string, theirs: string | Uint8Array, expected: RegExp])[] = [
  [" hush hush\n", "hush hush", /source's secret has white space around it/],
  ["hush", "hush\n", /sender's secret has a newline at its end/],
  ["hush", "hush\r\n", /sender's secret has a newline \(CR LF\) at its end/],
  ["hush", "hush ", /sender's secret has a space at its end/],
  ['"hush"', "hush", /source's secret has quotes around it/],
  ["hush", '"hush"', /sender's secret has double quotes/],
  ["hush", "'hush'", /sender's secret has single quotes/],
  ["hush", "whsec_hush", /with whsec_ before it, which the source's lacks/],
  ["whsec_hush", "hush", /without its whsec_/],
  ["a/b+c d", "a%2Fb%2Bc%20d", /URL-encoded/],
  ["a%2Fb%2Bc%20d", "a/b+c d", /URL-decoded/],
  [KEY_BYTES.toString("hex"), KEY_BYTES, /the secret decoded from hex/],
  [KEY_BYTES.toString("base64"), KEY_BYTES, /the secret decoded from base64:/],
  [KEY_BYTES.toString("base64url"), KEY_BYTES, /the secret decoded from base64url/],
  [`whsec_${KEY_BYTES.toString("hex")}`, KEY_BYTES, /the secret after whsec_ decoded from hex/],
  [KEY_BYTES.toString("hex"), KEY_BYTES.toString("hex").toUpperCase(), /in upper case: the source's has lower-case/],
  [KEY_BYTES.toString("hex").toUpperCase(), KEY_BYTES.toString("hex"), /in lower case: the source's has upper-case/],
  ["hush", Buffer.from("hush").toString("base64"), /encoded in base64/],
  ["hush!", Buffer.from("hush!").toString("hex"), /encoded in hex/],
  ["hush", "", /an empty secret/],
];

describe("a secret that is spelled otherwise", () => {
  for (const from of [...SENDERS, TWILIO, EMBEDDED]) {
    if (from.settings.scheme === "standard-webhooks") continue;
    it(`is recognised: ${from.name}`, () => {
      for (const [ours, theirs, expected] of SECRETS) {
        assert.match(explained(from, from.send("{}", { key: theirs }), ours), expected);
      }
    });
  }

  it("is recognised: standard-webhooks", () => {
    const standard = SENDERS.find(({ name }) => name === "standard-webhooks") ?? assert.fail();
    const whsec = `whsec_${KEY_BYTES.toString("base64")}`;
    const cases: typeof SECRETS = [
      [` ${whsec} `, KEY_BYTES, /source's secret has white space around it/],
      [`"${whsec}"`, KEY_BYTES, /source's secret has quotes around it/],
      [whsec, whsec, /as text, prefix and all/],
      [whsec, `${whsec}\n`, /sender's secret has a newline at its end/],
      [whsec, KEY_BYTES.toString("base64"), /without its whsec_/],
      [KEY_BYTES.toString("base64"), KEY_BYTES, /the secret decoded from base64:/],
      [`whsec_${KEY_BYTES.toString("base64url")}`, KEY_BYTES, /after whsec_ decoded from base64url/],
      [`whsec_${KEY_BYTES.toString("hex")}`, KEY_BYTES, /after whsec_ decoded from hex/],
      [encodeURIComponent(whsec), KEY_BYTES, /URL-decoded/],
      [whsec, KEY_BYTES.toString("hex"), /the key in hex as text/],
      [whsec, "", /an empty secret/],
    ];
    for (const [ours, key, expected] of cases) {
      assert.match(explained(standard, standard.send("{}", { key }), ours), expected);
    }
  });
});

// ── The signature ───────────────────────────────────────────────────────────────────────────────────────────────────

describe("a signature in another encoding, or by another algorithm", () => {
  for (const from of [...SENDERS, TWILIO, EMBEDDED]) {
    const isBase64 = ["shopify", "standard-webhooks", "twilio"].includes(from.name);
    it(`is recognised: ${from.name}`, () => {
      const send = (wrong: Wrong): string => explained(from, from.send('{"a":1}', wrong));
      if (isBase64) assert.match(send({ encoding: "hex" }), /Wrong encoding: decoded from hex it fits\./);
      else assert.match(send({ encoding: "base64" }), /Wrong encoding: decoded from base64 it fits\./);
      assert.match(
        send({ encoding: "base64url" }),
        /Wrong encoding: decoded from base64(url| without its padding) it fits\./,
      );
      assert.match(send({ algorithm: "sha512" }), /Wrong algorithm: it fits by SHA-512\./);
      const shorter = from === TWILIO ? ["sha256", "SHA-256"] : ["sha1", "SHA-1"];
      assert.match(send({ algorithm: shorter[0] ?? "" }), new RegExp(`Wrong algorithm: it fits by ${shorter[1]}\\.`));
      assert.match(
        send({ algorithm: "sha512", encoding: isBase64 ? "hex" : "base64" }),
        /Wrong encoding and algorithm: decoded from \w+ it fits by SHA-512\./,
      );
      assert.doesNotMatch(send({ algorithm: "sha512", key: "another" }), /Wrong/);
      assert.match(send({ algorithm: "sha512", key: "another" }), /However it is read, it does not fit/);
    });
  }

  it("is right in upper-case hex", () => {
    const settings = settingsOf("github");
    const digest = createHmac("sha256", SECRET).update("{}").digest("hex").toUpperCase();
    const request = requestOf({ "X-Hub-Signature-256": `sha256=${digest}` }, "{}");
    assert.equal(verifyRequest(settings, [SECRET], request, NOW).kind, "verified");
  });

  it("may be what the source has to be set to, when it has options", () => {
    const own = SENDERS.find(({ name }) => name === "hmac") ?? assert.fail();
    assert.match(explained(own, own.send("{}", { encoding: "base64" })), /or the source has to be set to what it does/);
    assert.doesNotMatch(explained(own, own.send("{}", { encoding: "base64url" })), /the source has to be set/);
  });

  it("is recognised as hex digits in base64, without its prefix, and in another header", () => {
    const [github = assert.fail()] = SENDERS;
    const digest = createHmac("sha256", SECRET).update("{}").digest("hex");
    const send = (headers: object): string => explained(github, requestOf(headers, "{}"));
    const doubly = Buffer.from(digest).toString("base64");
    assert.match(send({ "X-Hub-Signature-256": `sha256=${doubly}` }), /decoded from hex digits in base64 it fits/);
    assert.match(send({ "X-Hub-Signature-256": digest }), /itself fits: only what stands around it/);
    assert.match(send({ "X-Signature": digest }), /what is in x-signature is such a signature: it fits\./);
    const older = createHmac("sha1", SECRET).update("{}").digest("hex");
    assert.match(send({ "X-Hub-Signature": `sha1=${older}` }), /what is in x-hub-signature .* fits by SHA-1\./);
    assert.doesNotMatch(send({ "X-Signature": "a".repeat(64) }), /fit/);
  });
});
