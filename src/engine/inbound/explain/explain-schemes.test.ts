/** The causes that explanations find, for each scheme: a request with one thing wrong. */
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
import { verifyRequest } from "../verify/verify.ts";
import { explainRejection } from "./explain.ts";

type Encoding = "hex" | "base64";

interface Wrong {
  /** The body that is signed, when it is not the one that is sent. */
  readonly signed?: string;
  readonly key?: string | Uint8Array;
  readonly encoding?: Encoding;
}

interface Sender {
  readonly name: string;
  readonly settings: SourceSettings;
  readonly send: (body: string, wrong: Wrong) => InboundRequest;
}

interface SenderOptions {
  readonly name: string;
  readonly settings: SourceSettings;
  readonly encoding?: Encoding;
  readonly ahead?: string;
  readonly headers: (signature: string) => object;
}

/** A sender that signs something and then the body. */
function sender({ name, settings, encoding = "hex", ahead = "", headers }: SenderOptions): Sender {
  const send: Sender["send"] = (body, wrong) => {
    const content = ahead + (wrong.signed ?? body);
    const digest = createHmac("sha256", wrong.key ?? keyOf(settings)).update(content);
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
/** Sends no body: the signature covers the URL. */
const TWILIO: Sender = {
  name: "twilio",
  settings: settingsOf("twilio"),
  send(_, { key = SECRET, encoding = "base64" }) {
    const digest = createHmac("sha1", key).update(TWILIO_URL).digest(encoding);
    return requestOf({ "X-Twilio-Signature": digest }, "", TWILIO_URL);
  },
};

/** Signs the body without its signature, and puts the signature into the body. */
const EMBEDDED: Sender = {
  name: "jcs",
  settings: settingsOf("jcs"),
  send(body, { signed = body, key = SECRET, encoding = "hex" }) {
    const signature = `sha256=${createHmac("sha256", key).update(signed).digest(encoding)}`;
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
/** With a number that `JSON.parse` would respell, and keys that it would reorder. */
const SENT = `{"u":"https://a.example/é","obj":{"10":1.50,"2":"<'+&=>\\""},"e":[],"f":{}}`;

/** `SENT` with other white space. */
const SPACED = `{"u": "https://a.example/é", "obj": {"10": 1.50, "2": "<'+&=>\\""}, "e": [], "f": {}}`;
const SORTED = `{"e":[],"f":{},"obj":{"10":1.5,"2":"<'+&=>\\""},"u":"https://a.example/é"}`;
const SPACED_SORTED = `{"e": [], "f": {}, "obj": {"10": 1.5, "2": "<'+&=>\\""}, "u": "https://a.example/é"}`;
const INDENTED = [
  "{",
  `  "u": "https://a.example/é",`,
  `  "obj": {`,
  `    "10": 1.50,`,
  `    "2": "<'+&=>\\""`,
  "  },",
  `  "e": [],`,
  `  "f": {}`,
  "}",
].join("\n");

const ascii = (text: string): string => text.replaceAll("é", E);
const slashed = (text: string): string => text.replaceAll("/", "\\/");

const REWRITTEN: readonly (readonly [signed: string, expected: RegExp])[] = [
  [`{"u":"https://a.example/é","obj":{"2":"<'+&=>\\"","10":1.5},"e":[],"f":{}}`, /JSON\.stringify/],
  [ascii(SPACED), /as Python's json\.dumps writes it/],
  [ascii(slashed(SENT)), /as PHP's json_encode writes it, with its slashes escaped/],
  [ascii(SENT), /as PHP's json_encode, or Python's json\.dumps without spaces, writes it/],
  [INDENTED, /as JSON with an indent of 2/],
  [ascii(SORTED), /as Python's json\.dumps with sort_keys and without spaces/],
  [ascii(SPACED_SORTED), /as Python's json\.dumps with sort_keys writes it/],
];

describe("a body that the sender signed as another program writes it", () => {
  for (const from of [...SENDERS, EMBEDDED]) {
    it(`is recognized: ${from.name}`, () => {
      for (const [signed, expected] of REWRITTEN) {
        const text = explained(from, from.send(SENT, { signed }));
        assert.match(text, /The signature matches the body/);
        assert.match(text, expected);
      }
    });
  }

  for (const from of SENDERS) {
    it(`is recognized when a proxy re-serialized it: ${from.name}`, () => {
      const raw = '{"a":"é","u":"https://x/<1>"}';
      for (const sent of [ascii(raw), slashed(raw), ascii(slashed(raw)), raw.replaceAll('":', '": ')]) {
        assert.match(explained(from, from.send(sent, { signed: raw })), /JSON\.stringify\(JSON\.parse\(body\)\)/, sent);
      }
      const python = '{"a": "\\u00e9", "n": 12.0}';
      const compact = '{"a":"é","n":12.0}';
      assert.match(explained(from, from.send(compact, { signed: python })), /Python's json\.dumps writes/);
      assert.match(explained(from, from.send(python, { signed: compact })), /its numbers and the order of its keys/);
      assert.match(explained(from, from.send(SENT, { signed: SORTED })), /in canonical form/);
    });
  }
});

// ── The secret ──────────────────────────────────────────────────────────────────────────────────────────────────────

const KEY_BYTES = Buffer.from("fbefbe00112233445566778899aabbccddeeff0011223344", "hex");
const SECRETS: readonly (readonly [ours: string, theirs: string | Uint8Array, expected: RegExp])[] = [
  [" hush hush\n", "hush hush", /source's secret has white space around it/],
  ["hush", "hush\n", /sender's secret has a newline at its end/],
  ["hush", "hush\r\n", /sender's secret has a newline \(CR LF\) at its end/],
  ["hush", "hush ", /sender's secret has a space at its end/],
  ["hush", "whsec_hush", /with whsec_ before it/],
  ["whsec_hush", "hush", /without its whsec_/],
  [KEY_BYTES.toString("hex"), KEY_BYTES, /the secret decoded from hex/],
  [KEY_BYTES.toString("base64"), KEY_BYTES, /the secret decoded from base64/],
  [`whsec_${KEY_BYTES.toString("hex")}`, KEY_BYTES, /the secret after whsec_ decoded from hex/],
  ["hush", "", /an empty secret/],
];

describe("another spelling of the secret", () => {
  for (const from of [...SENDERS, TWILIO, EMBEDDED]) {
    if (from.settings.scheme === "standard-webhooks") continue;
    it(`is recognized: ${from.name}`, () => {
      for (const [ours, theirs, expected] of SECRETS) {
        assert.match(explained(from, from.send("{}", { key: theirs }), ours), expected);
      }
    });
  }

  it("is recognized: standard-webhooks", () => {
    const standard = SENDERS.find(({ name }) => name === "standard-webhooks") ?? assert.fail();
    const whsec = `whsec_${KEY_BYTES.toString("base64")}`;
    const cases: typeof SECRETS = [
      [` ${whsec} `, KEY_BYTES, /source's secret has white space around it/],
      [whsec, whsec, /as text, prefix included/],
      [whsec, `${whsec}\n`, /sender's secret has a newline at its end/],
      [whsec, KEY_BYTES.toString("base64"), /without its whsec_/],
      [KEY_BYTES.toString("base64"), KEY_BYTES, /the secret decoded from base64/],
      [`whsec_${KEY_BYTES.toString("hex")}`, KEY_BYTES, /after whsec_ decoded from hex/],
      [whsec, "", /an empty secret/],
    ];
    for (const [ours, key, expected] of cases) {
      assert.match(explained(standard, standard.send("{}", { key }), ours), expected);
    }
  });
});

// ── The signature ───────────────────────────────────────────────────────────────────────────────────────────────────

describe("a signature in another encoding", () => {
  for (const from of [...SENDERS, TWILIO, EMBEDDED]) {
    const expected = ["shopify", "standard-webhooks", "twilio"].includes(from.name) ? "base64" : "hex";
    const encoding = expected === "hex" ? "base64" : "hex";
    it(`is recognized: ${from.name}`, () => {
      const send = (wrong: Wrong): string => explained(from, from.send('{"a":1}', { encoding, ...wrong }));
      assert.match(send({}), new RegExp(`but in ${encoding}\\. The sender has to write it in ${expected}`));
      assert.doesNotMatch(send({ key: "another" }), /signature is right/);
    });
  }

  it("may be a wrong setting of the source", () => {
    const own = SENDERS.find(({ name }) => name === "hmac") ?? assert.fail();
    assert.match(explained(own, own.send("{}", { encoding: "base64" })), /or the source's encoding has to be base64/);
  });

  it("is right in upper-case hex", () => {
    const settings = settingsOf("github");
    const digest = createHmac("sha256", SECRET).update("{}").digest("hex").toUpperCase();
    const request = requestOf({ "X-Hub-Signature-256": `sha256=${digest}` }, "{}");
    assert.equal(verifyRequest(settings, [SECRET], request, NOW).kind, "verified");
  });
});
