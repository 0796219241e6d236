/**
 * Deliveries on the wire, checked by other code: the verifiers of `standardwebhooks` and `svix`, and the functions that the
 * references publish for receivers.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { verify } from "../../../packages/sdk/src/index.ts";
import type { Event } from "../../../src/domain/delivery/event.ts";
import { FORMATS, type Format, type SigningSecrets } from "../../../src/domain/endpoints/endpoint.ts";
import { FORMAT_HEADERS, renderBody, renderHeaders } from "../../../src/domain/formats/index.ts";
import { standardKey } from "../../../src/domain/formats/keys.ts";
import type { Uuid } from "../../../src/domain/ids.ts";
import { hmacSha256 } from "../../../src/engine/delivery/hmac.ts";
import { anyCharacter } from "../../fixtures/any-character.ts";

// ── Verbatim from the references (the text files have lost their indentation) ───────────────────────────────────────

const VERIFY_WEBHOOK_JS = `
const crypto = require("crypto");
function verifyWebhook(body, signatureHeader, secret) {
const expected =
"sha256=" +
crypto.createHmac("sha256", secret).update(body).digest("hex");
return crypto.timingSafeEqual(
Buffer.from(expected),
Buffer.from(signatureHeader)
);
}
return verifyWebhook;`;

const VERIFY_WEBHOOK_SIGNATURE_JS = `
const crypto = require('crypto');

function verifyWebhookSignature(rawBody, signature, timestamp, secret) {
  const signedContent = \`\${timestamp}.\${rawBody}\`;
  const expected = 'v1=' + crypto
    .createHmac('sha256', secret)
    .update(signedContent)
    .digest('hex');

  return crypto.timingSafeEqual(Buffer.from(expected), Buffer.from(signature));
}
return verifyWebhookSignature;`;

const require = createRequire(import.meta.url);
const verifyWebhook: (body: Buffer, signatureHeader: string, secret: string) => boolean = new Function(
  "require",
  VERIFY_WEBHOOK_JS,
)(require);
const verifyWebhookSignature: (rawBody: string, signature: string, timestamp: string, secret: string) => boolean =
  new Function("require", VERIFY_WEBHOOK_SIGNATURE_JS)(require);

const VERIFY_PY = `
import hashlib, hmac
def verify_webhook(body: bytes, signature_header: str, secret: str) -> bool:
    expected = "sha256=" + hmac.new(
        secret.encode(), body, hashlib.sha256
    ).hexdigest()
    return hmac.compare_digest(expected, signature_header)

import base64, json, sys
for line in sys.stdin:
    case = json.loads(line)
    print(verify_webhook(base64.b64decode(case["body"]), case["signature"], case["secret"]))
`;

// ── Cases ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const uuid = fc.uuid({ version: 7 }).map((id) => id as Uuid);
const payload = fc
  .dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue({ stringUnit: anyCharacter }))
  .chain((object) => fc.constantFrom("", "  ").map((indent) => JSON.stringify(object, null, indent)))
  .map((text) => (text === "{}" ? '{ "n": 1.0, "big": 12345678901234567890, "b": 1, "a": "é😀" }' : text));
const event: fc.Arbitrary<Event> = fc.record({
  id: uuid,
  tenantId: uuid,
  type: fc.stringMatching(/^[A-Za-z0-9_.-]{1,128}$/),
  payload,
  acceptedAt: fc.integer({ min: 1_600_000_000_000, max: 4_000_000_000_000 }),
  pauseId: fc.option(uuid),
});

const keySecret = fc
  .uint8Array({ minLength: 24, maxLength: 64 })
  .map((key) => `whsec_${Buffer.from(key).toString("base64")}`);
const plainSecret = fc.oneof(
  fc
    .string({ unit: anyCharacter, minLength: 16, maxLength: 100 })
    .filter((text) => !text.startsWith("whsec_") && text.isWellFormed()),
  fc.constantFrom(
    "whsec_your_signing_secret",
    "whsec_abc123def456xyz789",
    `whsec_${Buffer.alloc(23, 7).toString("base64")}`,
    `whsec_${Buffer.alloc(65, 7).toString("base64")}`,
    `whsec_${Buffer.alloc(32, 255).toString("base64url")}`,
    `whsec_${Buffer.alloc(32, 255).toString("base64").replace("=", "")}`,
    `whsec_${Buffer.alloc(32, 255).toString("base64")}=`,
    `whsec_${Buffer.alloc(24, 255).toString("base64")}\n`,
  ),
);
const anySecret = fc.oneof(keySecret, plainSecret);

interface Sent {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Attempt {
  readonly secrets: SigningSecrets;
  readonly now?: number;
  readonly attemptNumber?: number;
  readonly customHeaders?: Record<string, string>;
}

const DELIVERY = "0190e0c4-2222-7000-8000-000000000003" as Uuid;
/** These verifiers use the real clock, so the deliveries are signed now. */
const NOW = Date.now();
const only = (current: string): SigningSecrets => ({ current, previous: null });

function send(format: Format, of: Event, attempt: Attempt): Sent {
  const body = renderBody(format, of);
  const flat = renderHeaders({
    format,
    event: of,
    deliveryId: DELIVERY,
    attemptNumber: 1,
    customHeaders: {},
    now: NOW,
    body,
    userAgent: "Signalbox/0.1.0",
    hmac: hmacSha256,
    ...attempt,
  });
  const headers: Record<string, string> = {};
  for (let index = 0; index < flat.length; index += 2) {
    const name = (flat[index] ?? "").toLowerCase();
    assert.ok(!(name in headers), `${name} twice`);
    headers[name] = flat[index + 1] ?? "";
  }
  return { body, headers };
}

const rawKey = (secret: string) => new StandardWebhook(Buffer.from(secret), { format: "raw" });
const sampleEvent = (): Event => fc.sample(event, { numRuns: 1, seed: 7 })[0] as Event;

describe("webhook-signature", () => {
  it("matches the published Standard Webhooks vector", () => {
    const key = standardKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    const content = 'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}';
    assert.equal(hmacSha256(key, content, "base64"), "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  it("is verified by standardwebhooks and svix for any event in any format", () => {
    fc.assert(
      fc.property(event, keySecret, fc.constantFrom(...FORMATS), (of, secret, format) => {
        const { body, headers } = send(format, of, { secrets: only(secret) });
        assert.deepEqual(new StandardWebhook(secret).verify(body, headers), JSON.parse(body));
        new SvixWebhook(secret).verify(Buffer.from(body), headers);
        assert.equal(headers["webhook-id"], `evt_${of.id}`);
      }),
    );
  });

  it("uses the bytes of a secret other than whsec_ followed by strict base64 of 24 to 64 bytes", () => {
    fc.assert(
      fc.property(event, plainSecret, fc.constantFrom(...FORMATS), (of, secret, format) => {
        const { body, headers } = send(format, of, { secrets: only(secret) });
        assert.deepEqual(rawKey(secret).verify(body, headers), JSON.parse(body));
      }),
    );
  });

  it("is created for each attempt, while the body stays the same", () => {
    const secrets = only("an old secret of ours");
    const first = send("plain", sampleEvent(), { secrets, now: NOW - 60_000, attemptNumber: 1 });
    const second = send("plain", sampleEvent(), { secrets, now: NOW, attemptNumber: 2 });
    assert.equal(first.body, second.body);
    assert.equal(first.headers["webhook-id"], second.headers["webhook-id"]);
    assert.notEqual(first.headers["webhook-signature"], second.headers["webhook-signature"]);
    assert.equal(second.headers["webhook-timestamp"], String(Math.floor(NOW / 1000)));
    assert.equal(second.headers["x-webhook-timestamp"], String(Math.floor(NOW / 1000)));
    assert.deepEqual([first.headers["x-webhook-attempt"], second.headers["x-webhook-attempt"]], ["1", "2"]);
  });
});

describe("the table of libraries in docs/endpoints.md", () => {
  const docs = readFileSync(new URL("../../../docs/endpoints.md", import.meta.url), "utf8");
  const rows = [...docs.matchAll(/^\| `([^|]*?) *\| `(.*?)` *\| `(.*?)` *\|$/gm)].filter(
    ([row]) => row.includes(".verify") || row.includes("verify("),
  );
  const known = { verify, StandardWebhook, SvixWebhook, Buffer };
  const run = (line: string, sent: Sent, secret: string): Promise<unknown> => {
    const names = { ...known, ...sent, secret };
    const AsyncFunction = (async () => undefined).constructor as FunctionConstructor;
    return new AsyncFunction(...Object.keys(names), `return ${line}`)(...Object.values(names));
  };

  it("has code for each kind of secret that verifies a delivery, and refuses one with another secret", async () => {
    const javascript = rows.filter(([, library]) => !library?.includes("Python"));
    assert.equal(javascript.length, 3);
    for (const [, , forKey = "", forText = ""] of javascript) {
      for (const format of FORMATS) {
        for (const [line, secret, other] of [
          [
            forKey,
            `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
            `whsec_${Buffer.alloc(32, 8).toString("base64")}`,
          ],
          [forText, "a secret of the caller's own", "another secret of the caller's"],
          [forText, "YSBzZWNyZXQgdGhhdCBsb29rcyBsaWtl", "YSBzZWNyZXQgdGhhdCBsb29rcyBsaWt2"],
        ] as const) {
          const sent = send(format, sampleEvent(), { secrets: only(secret) });
          await run(line, sent, secret);
          await assert.rejects(run(line, sent, other), `${line} took another secret's signature`);
        }
      }
    }
  });
});

describe("the references' own verification functions", () => {
  it("for Node accept the pausepoint format, and refuse another secret", () => {
    fc.assert(
      fc.property(event, anySecret, (of, secret) => {
        const { body, headers } = send("pausepoint", of, { secrets: only(secret) });
        const signature = headers["x-pausepoint-signature"] ?? "";
        assert.ok(verifyWebhook(Buffer.from(body), signature, secret));
        assert.ok(!verifyWebhook(Buffer.from(body), signature, `${secret}!`));
        assert.equal(headers["x-pausepoint-event"], of.type);
      }),
    );
  });

  it("for Python accept the pausepoint format, and refuse another secret", (test) => {
    // tidy-allow skip: the Python function needs Python
    if (spawnSync("python3", ["--version"]).status !== 0) return test.skip("no python3 on this machine");
    const cases = fc.sample(fc.tuple(event, anySecret), { numRuns: 200 }).flatMap(([of, secret]) => {
      const { body, headers } = send("pausepoint", of, { secrets: only(secret) });
      const signed = { body: Buffer.from(body).toString("base64"), signature: headers["x-pausepoint-signature"] };
      return [
        { ...signed, secret },
        { ...signed, secret: `${secret}!` },
      ];
    });
    const input = cases.map((line) => `${JSON.stringify(line)}\n`).join("");
    const python = spawnSync("python3", ["-c", VERIFY_PY], { input, encoding: "utf8" });
    assert.equal(python.stderr, "");
    assert.deepEqual(
      python.stdout.trim().split("\n"),
      cases.map((_, index) => (index % 2 === 0 ? "True" : "False")),
    );
  });

  it("for the dashboard accept the pacspace format, and refuse another secret", () => {
    fc.assert(
      fc.property(event, anySecret, (of, secret) => {
        const { body, headers } = send("pacspace", of, { secrets: only(secret) });
        const signature = headers["x-pacspace-signature"] ?? "";
        const timestamp = headers["x-pacspace-timestamp"] ?? "";
        assert.ok(verifyWebhookSignature(body, signature, timestamp, secret));
        assert.ok(!verifyWebhookSignature(body, signature, timestamp, `${secret}!`));
        assert.equal(headers["x-webhook-event"], of.type);
        assert.equal(headers["x-event-id"], `evt_${of.id}`);
      }),
    );
  });

  it("for the dashboard accept the plain format's X-Webhook-Signature, which has the same form", () => {
    fc.assert(
      fc.property(event, anySecret, (of, secret) => {
        const { body, headers } = send("plain", of, { secrets: only(secret) });
        const signature = headers["x-webhook-signature"] ?? "";
        assert.ok(verifyWebhookSignature(body, signature, headers["x-webhook-timestamp"] ?? "", secret));
        assert.equal(headers["x-webhook-event"], of.type);
        assert.equal(headers["x-webhook-delivery"], `del_${DELIVERY}`);
      }),
    );
  });
});

describe("a rotation's overlap", () => {
  const OLD = "the old secret, 16+";
  const NEW = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
  const rotated = (expiresAt: number): SigningSecrets => ({ current: NEW, previous: { secret: OLD, expiresAt } });
  const single = ({ body, headers }: Sent, secret: string) =>
    verifyWebhook(Buffer.from(body), headers["x-pausepoint-signature"] ?? "", secret);

  it("sends both signatures, the new one first, and keeps the old secret in headers with one signature", () => {
    const sent = send("pausepoint", sampleEvent(), { secrets: rotated(NOW + 1) });
    const [first, second, ...more] = (sent.headers["webhook-signature"] ?? "").split(" ");
    assert.deepEqual(more, []);
    new StandardWebhook(NEW).verify(sent.body, { ...sent.headers, "webhook-signature": first ?? "" });
    rawKey(OLD).verify(sent.body, { ...sent.headers, "webhook-signature": second ?? "" });
    new SvixWebhook(NEW).verify(sent.body, sent.headers);
    assert.ok(single(sent, OLD));
    assert.ok(!single(sent, NEW));
  });

  it("ends at its end time", () => {
    for (const expiresAt of [NOW, NOW - 1, 0]) {
      const sent = send("pausepoint", sampleEvent(), { secrets: rotated(expiresAt) });
      assert.deepEqual(sent, send("pausepoint", sampleEvent(), { secrets: only(NEW) }));
      assert.ok(single(sent, NEW));
      assert.throws(() => rawKey(OLD).verify(sent.body, sent.headers));
    }
  });

  it("keeps the old secret in the timestamped single signatures too", () => {
    for (const [format, prefix] of [
      ["pacspace", "x-pacspace"],
      ["plain", "x-webhook"],
    ] as const) {
      const { body, headers } = send(format, sampleEvent(), { secrets: rotated(NOW + 1) });
      const signature = headers[`${prefix}-signature`] ?? "";
      assert.ok(verifyWebhookSignature(body, signature, headers[`${prefix}-timestamp`] ?? "", OLD));
    }
  });
});

describe("headers", () => {
  it("of all formats are the ones that custom headers must not use", () => {
    const names = FORMATS.flatMap((format) => Object.keys(send(format, sampleEvent(), { secrets: only("s") }).headers));
    assert.deepEqual(new Set(names), FORMAT_HEADERS);
  });

  it("begin with the same ones in every format, and end with the endpoint's custom headers", () => {
    for (const format of FORMATS) {
      const customHeaders = { Authorization: "Bearer x", "X-Team": "é" };
      const { headers } = send(format, sampleEvent(), { secrets: only("s"), customHeaders });
      const names = Object.keys(headers);
      assert.deepEqual(names.slice(0, 6), [
        "content-type",
        "user-agent",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "cdn-loop",
      ]);
      assert.deepEqual(names.slice(-2), ["authorization", "x-team"]);
      assert.equal(headers["content-type"], "application/json");
      assert.equal(headers["user-agent"], "Signalbox/0.1.0");
      assert.equal(headers["cdn-loop"], "signalbox");
    }
  });
});
