import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { signJcs } from "../../../../packages/sdk/src/signing/jcs.ts";
import {
  BODY,
  hmacSettings,
  NOW,
  NOW_SECONDS,
  outcome,
  requestOf,
  SECRET,
  settingsOf,
} from "../../../../test/fixtures/inbound-requests.ts";
import type { InboundRequest, Verification } from "../../../domain/inbound/request.ts";
import { SCHEMES, type Scheme, type SourceSettings } from "../../../domain/inbound/source.ts";
import { SIGNATURES_COUNT_MAX } from "../../../domain/limits.ts";
import { verifyRequest } from "./verify.ts";

const BASIC = settingsOf("basic", { basic: { username: "ann" } });

function check(settings: SourceSettings, request: InboundRequest, secret: string | string[] = SECRET, at = NOW) {
  return outcome(verifyRequest(settings, [secret].flat(), request, at));
}

function hex(content: string, secret = SECRET, algorithm = "sha256"): string {
  return createHmac(algorithm, secret).update(content).digest("hex");
}

function base64(content: string, secret = SECRET): string {
  return createHmac("sha256", secret).update(content).digest("base64");
}

describe("a source with options of its own", () => {
  it("verifies any algorithm, encoding, prefix and template", () => {
    const settings = hmacSettings({
      algorithm: "sha512",
      encoding: "base64",
      prefix: "v2:",
      timestampHeader: "X-Time",
      template: "a:{timestamp}:{body}:z{timestamp}",
    });
    const content = `a:${NOW_SECONDS}:${BODY}:z${NOW_SECONDS}`;
    const signature = createHmac("sha512", SECRET).update(content).digest("base64");
    const headers = { "X-Hash": `v2:${signature}`, "X-Time": NOW_SECONDS };
    assert.equal(check(settings, requestOf(headers)), "verified");
    assert.equal(check(settings, requestOf({ ...headers, "X-Time": `${NOW / 1000 + 1}` })), "signature_mismatch");
    assert.equal(check(settings, requestOf({ "X-Hash": headers["X-Hash"] })), "header_missing");
  });

  it("accepts any of several signatures in its header, as a sender writes them while it rotates its secret", () => {
    const [right, wrong] = [hex(BODY), hex(BODY, "the other secret")];
    const v1 = hmacSettings({ prefix: "v1=" });
    for (const between of [",", ", ", " ", ";", "; ", ",,"]) {
      for (const [first, second] of [
        [right, wrong],
        [wrong, right],
      ]) {
        const texts = [`v1=${first}${between}v1=${second}`, `v0=${second}${between}v1=${first}${between}v1=${second}`];
        for (const text of texts) assert.equal(check(v1, requestOf({ "X-Hash": text })), "verified", text);
        assert.equal(check(hmacSettings(), requestOf({ "X-Hash": first + between + second })), "verified");
        const hmac = `HMAC ${first}${between}HMAC ${second}`;
        assert.equal(check(hmacSettings({ prefix: "HMAC " }), requestOf({ "X-Hash": hmac })), "verified", hmac);
      }
    }
    const base64s = `v1,${base64(BODY, "the other secret")} v1,${base64(BODY)}`;
    const standard = hmacSettings({ prefix: "v1,", encoding: "base64" });
    assert.equal(check(standard, requestOf({ "X-Hash": base64s })), "verified");
    assert.equal(check(v1, requestOf({ "X-Hash": `v1=${wrong},v1=${wrong}` })), "signature_mismatch");
    assert.equal(check(v1, requestOf({ "X-Hash": `v1=${wrong},${right}` })), "signature_mismatch");
    assert.equal(check(v1, requestOf({ "X-Hash": `${right},${right}` })), "signature_malformed");
    const many = (count: number) => `${`v1=${wrong},`.repeat(count)}v1=${right}`;
    assert.equal(check(v1, requestOf({ "X-Hash": many(SIGNATURES_COUNT_MAX - 1) })), "verified");
    assert.equal(check(v1, requestOf({ "X-Hash": many(SIGNATURES_COUNT_MAX) })), "signature_mismatch");
  });

  it("accepts a signature that ends like its prefix", () => {
    // Find base64 that ends with the prefix.
    const secret = Array.from({ length: 100_000 }, (_, n) => `s${n}`).find((s) => base64(BODY, s).endsWith("v0="));
    const settings = hmacSettings({ prefix: "v0=", encoding: "base64" });
    assert.equal(check(settings, requestOf({ "X-Hash": `v0=${base64(BODY, secret)}` }), [secret ?? ""]), "verified");
  });

  it("is unusable when its signature would prove nothing", () => {
    const request = requestOf({ "X-Hash": hex("") });
    for (const options of [{ template: "" }, { timestampHeader: "X-Time" }, { template: "{timestamp}{body}" }]) {
      assert.equal(check(hmacSettings(options), request), "source_unusable");
    }
    assert.equal(check(settingsOf("hmac"), request), "source_unusable");
  });

  it("reads only the request's own headers, whatever name the settings give", () => {
    assert.equal(check(hmacSettings({ header: "constructor" }), requestOf({})), "header_missing");
  });
});

describe("a body that carries its signature", () => {
  const jcs = settingsOf("jcs");

  it("is verified in its canonical form, however it is written", async () => {
    const signed = await signJcs('{"b":1.0,"a":"\\u20ac","nested":{"signature":"x"}}', SECRET);
    assert.equal(check(jcs, requestOf({}, signed)), "verified");
    const respelled = JSON.stringify(JSON.parse(signed), null, 3).replace("€", "\\u20ac").replace(": 1,", ": 1.00,");
    assert.notEqual(respelled, signed);
    assert.equal(check(jcs, requestOf({}, respelled)), "verified");
    assert.equal(check(jcs, requestOf({}, signed.replace('"x"', '"y"'))), "signature_mismatch");
  });

  it("is ignored when a header decides, and both headers have to match", async () => {
    const signed = await signJcs(BODY, SECRET);
    const right = `sha256=${hex(signed)}`;
    const wrong = `sha256=${hex("another")}`;
    assert.equal(check(jcs, requestOf({ "X-Signature": right }, signed)), "verified");
    assert.equal(check(jcs, requestOf({ "X-Hub-Signature-256": right }, signed)), "verified");
    assert.equal(check(jcs, requestOf({ "X-Signature": right, "X-Hub-Signature-256": right }, signed)), "verified");
    for (const headers of [
      { "X-Signature": wrong },
      { "X-Hub-Signature-256": wrong },
      { "X-Signature": right, "X-Hub-Signature-256": wrong },
      { "X-Signature": wrong, "X-Hub-Signature-256": right },
    ]) {
      assert.equal(check(jcs, requestOf(headers, signed)), "signature_mismatch");
    }
    assert.equal(check(jcs, requestOf({ "X-Hub-Signature-256": hex(signed) }, signed)), "signature_malformed");
    assert.equal(check(jcs, requestOf({ "X-Signature": "somebody else's" }, signed)), "verified");
  });

  it("is refused when it cannot be read, or has no usable signature", () => {
    const cases: [string | Uint8Array, string][] = [
      ["{", "body_unreadable"],
      ["[]", "body_unreadable"],
      [Uint8Array.of(0x7b, 0xff, 0x7d), "body_unreadable"],
      [`\uFEFF${BODY}`, "body_unreadable"],
      ['{"a":{"b":1,"\\u0062":1}}', "body_unreadable"],
      ['{"a":12345678901234567890}', "body_unreadable"],
      ['{"a":"\\ud800"}', "body_unreadable"],
      [BODY, "signature_missing"],
      ['{"signature":null}', "signature_missing"],
      ['{"signature":1}', "signature_malformed"],
      ['{"signature":"abc"}', "signature_malformed"],
      [`{"signature":"sha256=${hex("x")}"}`, "signature_mismatch"],
    ];
    for (const [body, expected] of cases) assert.equal(check(jcs, requestOf({}, body)), expected, String(body));
  });
});

describe("a user name and a password", () => {
  const basic = (credentials: string) => ({ authorization: `Basic ${Buffer.from(credentials).toString("base64")}` });

  it("are both compared, and the password may have colons", () => {
    assert.equal(check(BASIC, requestOf(basic(`ann:${SECRET}`))), "verified");
    assert.equal(check(BASIC, requestOf(basic("ann:a:b")), "a:b"), "verified");
    assert.equal(check(BASIC, requestOf(basic("ann:b")), ["a", "b"]), "verified");
    for (const wrong of [`bob:${SECRET}`, "ann:", "ann:x", ":"]) {
      assert.equal(check(BASIC, requestOf(basic(wrong))), "credentials_mismatch", wrong);
    }
  });

  it("are missing or malformed", () => {
    assert.equal(check(BASIC, requestOf({})), "header_missing");
    for (const authorization of ["Bearer abc", "Basic", "Basic ???", basic("ann").authorization]) {
      assert.equal(check(BASIC, requestOf({ authorization })), "header_malformed", authorization);
    }
  });
});

// ── Every scheme ────────────────────────────────────────────────────────────────────────────────────────────────────

interface Example {
  readonly settings: SourceSettings;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** For each scheme, a request that verifies. */
const EXAMPLES: Readonly<Record<Exclude<Scheme, "none">, Example>> = {
  github: { settings: settingsOf("github"), headers: { "x-hub-signature-256": `sha256=${hex(BODY)}` }, body: BODY },
  stripe: {
    settings: settingsOf("stripe"),
    headers: { "stripe-signature": `t=${NOW_SECONDS},v1=${hex(`${NOW_SECONDS}.${BODY}`)}` },
    body: BODY,
  },
  slack: {
    settings: settingsOf("slack"),
    headers: {
      "x-slack-signature": `v0=${hex(`v0:${NOW_SECONDS}:${BODY}`)}`,
      "x-slack-request-timestamp": NOW_SECONDS,
    },
    body: BODY,
  },
  shopify: { settings: settingsOf("shopify"), headers: { "x-shopify-hmac-sha256": base64(BODY) }, body: BODY },
  twilio: {
    settings: settingsOf("twilio"),
    headers: {
      "x-twilio-signature": createHmac("sha1", SECRET).update("https://a.example/in/1A1B2").digest("base64"),
      "content-type": "application/x-www-form-urlencoded",
    },
    body: "A=1&B=2",
  },
  "standard-webhooks": {
    settings: settingsOf("standard-webhooks"),
    headers: {
      "webhook-id": "msg_1",
      "webhook-timestamp": NOW_SECONDS,
      "webhook-signature": new StandardWebhook(SECRET).sign("msg_1", new Date(NOW), BODY),
    },
    body: BODY,
  },
  pausepoint: {
    settings: settingsOf("pausepoint"),
    headers: { "x-pausepoint-signature": `sha256=${hex(BODY)}` },
    body: BODY,
  },
  pacspace: {
    settings: settingsOf("pacspace"),
    headers: {
      "x-pacspace-signature": `v1=${hex(`${NOW_SECONDS}.${BODY}`)}`,
      "x-pacspace-timestamp": NOW_SECONDS,
    },
    body: BODY,
  },
  hmac: { settings: hmacSettings(), headers: { "x-hash": hex(BODY) }, body: BODY },
  jcs: { settings: settingsOf("jcs"), headers: {}, body: await signJcs(BODY, SECRET) },
  basic: {
    settings: BASIC,
    headers: { authorization: `Basic ${Buffer.from(`ann:${SECRET}`).toString("base64")}` },
    body: BODY,
  },
};
const SIGNED = Object.entries(EXAMPLES).filter(([scheme]) => scheme !== "basic");
const STAMPED = ["stripe", "slack", "standard-webhooks", "pacspace"] as const;

describe("every scheme", () => {
  it("has an example here that verifies with any of the source's secrets", () => {
    assert.deepEqual(Object.keys(EXAMPLES).sort(), SCHEMES.filter((scheme) => scheme !== "none").sort());
    for (const [scheme, { settings, headers, body }] of Object.entries(EXAMPLES)) {
      assert.equal(check(settings, requestOf(headers, body)), "verified", scheme);
      assert.equal(check(settings, requestOf(headers, body), ["another", SECRET]), "verified", scheme);
      assert.notEqual(check(settings, requestOf(headers, body), "another"), "verified", scheme);
      assert.notEqual(check(settings, requestOf({}, BODY)), "verified", scheme);
    }
  });

  it("verifies nothing without a secret or with an empty one; scheme none verifies everything", () => {
    for (const [scheme, { settings, headers, body }] of Object.entries(EXAMPLES)) {
      assert.equal(check(settings, requestOf(headers, body), []), "source_unusable", scheme);
      assert.equal(check(settings, requestOf(headers, body), [""]), "source_unusable", scheme);
    }
    assert.equal(check(settingsOf("none"), requestOf({}), []), "verified");
  });

  it("refuses any other body", () => {
    fc.assert(
      fc.property(fc.constantFrom(...SIGNED), fc.nat(), fc.integer({ min: 1, max: 255 }), (example, place, bits) => {
        const [scheme, { settings, headers, body }] = example;
        const changed = Buffer.from(body);
        const at = place % changed.length;
        changed[at] = (changed[at] ?? 0) ^ bits;
        // These schemes sign the meaning, so another spelling of the same meaning verifies.
        fc.pre(scheme !== "twilio" || !sameParameters(changed, body));
        fc.pre(scheme !== "jcs" || !sameJson(changed, body));
        assert.notEqual(check(settings, requestOf(headers, changed)), "verified", `${scheme}: ${changed}`);
      }),
      { numRuns: 400 },
    );
  });

  it("refuses any other signature, and never throws for any headers", () => {
    const garbage = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[0-9a-f]{64}$/),
      fc.base64String({ minLength: 44, maxLength: 44 }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(EXAMPLES)), garbage, fc.nat(), (example, value, which) => {
        const { settings, headers, body } = example;
        const names = Object.keys(headers);
        const name = names[which % Math.max(names.length, 1)] ?? "x-hub-signature-256";
        const prefix = /^(?:v0=|v1=|v1,|sha256=|t=)?/.exec(headers[name] ?? "")?.[0] ?? "";
        for (const text of [value, prefix + value]) {
          fc.pre(text !== headers[name] && text.trim() !== "" && name !== "content-type");
          assert.notEqual(check(settings, requestOf({ ...headers, [name]: text }, body)), "verified");
        }
      }),
      { numRuns: 400 },
    );
  });

  it("never throws for any body, headers and URL", () => {
    const settings = [...Object.values(EXAMPLES).map((example) => example.settings), hmacSettings({ prefix: "a" })];
    const names = Object.values(EXAMPLES).flatMap(({ headers }) => Object.keys(headers));
    const headers = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), fc.string(), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(fc.constantFrom(...settings), headers, fc.uint8Array(), fc.string(), (one, given, body, url) => {
        assert.notEqual(check(one, requestOf(given, body, url)), "verified");
      }),
    );
  });

  it("with a timestamp accepts it for 300 s in both directions, and otherwise says by how much it is wrong", () => {
    for (const scheme of STAMPED) {
      const { settings, headers, body } = EXAMPLES[scheme];
      const at = (seconds: number) => verifyRequest(settings, [SECRET], requestOf(headers, body), NOW + seconds * 1000);
      assert.equal(outcome(at(300)), "verified");
      assert.equal(outcome(at(-300)), "verified");
      assert.equal(outcome(at(301)), "timestamp_too_old");
      assert.match(explanationOf(at(412)), /412 s before the request arrived; 300 s are allowed/);
      assert.equal(outcome(at(-301)), "timestamp_in_future");
      assert.match(explanationOf(at(-3600)), /3600 s after the request arrived/);
    }
  });

  it("refuses a timestamp that is not in Unix seconds, and names its likely format", () => {
    const { settings, headers, body } = EXAMPLES.slack;
    const explained = (timestamp: string): string => {
      const request = requestOf({ ...headers, "x-slack-request-timestamp": timestamp }, body);
      const verification = verifyRequest(settings, [SECRET], request, NOW);
      assert.equal(outcome(verification), "timestamp_malformed");
      return explanationOf(verification);
    };
    assert.match(explained(String(NOW)), /milliseconds/);
    assert.match(explained(new Date(NOW).toISOString()), /date/);
    for (const timestamp of ["-1", "1e9", "0x10", "1.5", "１２"])
      assert.match(explained(timestamp), /not in Unix seconds/);
  });
});

function sameParameters(changed: Buffer, body: string): boolean {
  const joined = (text: string): string => [...new URLSearchParams(text)].flat().join("");
  return joined(changed.toString()) === joined(body);
}

/** Ignores the case of hex digits. */
function sameJson(changed: Buffer, body: string): boolean {
  const read = (text: string): object => {
    const { signature, ...rest } = JSON.parse(text);
    return { ...rest, signature: signature.toLowerCase() };
  };
  try {
    return isDeepStrictEqual(read(changed.toString()), read(body));
  } catch {
    return false;
  }
}

function explanationOf(verification: Verification): string {
  return verification.kind === "verified" ? "" : verification.explanation;
}
