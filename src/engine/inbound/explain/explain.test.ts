import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import canonicalize from "canonicalize";
import fc from "fast-check";
import {
  BODY,
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

const GITHUB = settingsOf("github");

function hex(content: string | Uint8Array, secret: string | Uint8Array = SECRET, algorithm = "sha256"): string {
  return createHmac(algorithm, secret).update(content).digest("hex");
}

function github(signed: string | Uint8Array, body: string | Uint8Array, secret: string | Uint8Array = SECRET) {
  return requestOf({ "X-Hub-Signature-256": `sha256=${hex(signed, secret)}` }, body);
}

/** What is explained under the secrets that hold, and those that no longer do. */
function explain(
  settings: SourceSettings,
  request: InboundRequest,
  expired: readonly string[] = [],
  secrets: readonly string[] = [SECRET],
): string {
  const verification = verifyRequest(settings, secrets, request, NOW);
  assert.equal(verification.kind, "rejected");
  const text = explainRejection(settings, secrets, request, verification, expired);
  assert.ok(text.startsWith(verification.explanation));
  for (const secret of [...secrets, ...expired]) assert.ok(!text.includes(secret), text);
  assert.doesNotMatch(text, /[0-9a-f]{40}|[A-Za-z0-9+/]{27}=/, "no signature");
  return text;
}

describe("the explanation of a signature that does not fit", () => {
  it("says that a secret is meant that the source had before", () => {
    assert.match(explain(GITHUB, github(BODY, BODY, "the old secret"), ["older", "the old secret"]), /had before/);
  });

  it("says that most likely another secret is meant when nothing fits", () => {
    assert.match(explain(GITHUB, github(BODY, BODY, "another")), /another secret/);
  });

  it("says which other body fits", () => {
    const object = { b: [1, "ü"], a: { c: null } };
    const sent = JSON.stringify(object, null, 4);
    const python = '{"b": [1, "\\u00fc"], "a": {"c": null}}';
    const cases: [string, string | Uint8Array, string | Uint8Array, RegExp][] = [
      ["re-serialised", JSON.stringify(object), sent, /JSON\.stringify\(JSON\.parse\(body\)\)/],
      ["canonical", canonicalize(object) ?? "", sent, /canonical form \(RFC 8785\)/],
      ["indented", JSON.stringify(object, null, 2), JSON.stringify(object), /indent of 2/],
      ["by Python", python, JSON.stringify(object), /json\.dumps/],
      ["a newline too many", BODY, `${BODY}\r\n`, /without the white space/],
      ["a newline too few", `${BODY}\n`, BODY, /with a newline at its end/],
      ["LF", "a\nb", "a\r\nb", /LF as line ends; it came with CR LF/],
      ["CR LF", "a\r\nb", "a\nb", /CR LF as line ends; it came with LF/],
      ["a byte-order mark", BODY, `\uFEFF${BODY}`, /byte-order mark/],
      ["Latin-1 that was sent", "größer", Buffer.from("größer", "latin1"), /in UTF-8; it came in another charset/],
      ["Latin-1 that was signed", Buffer.from("größer", "latin1"), "größer", /in ISO-8859-1; it came in UTF-8/],
      ["nothing", "", BODY, /empty body/],
    ];
    for (const [name, signed, body, expected] of cases) {
      assert.match(explain(GITHUB, github(signed, body)), expected, name);
    }
  });

  it("is looked for among the likeliest spellings alone where the body is large, and says so", () => {
    const object = { text: "ü".repeat(60_000), list: [1, 2] };
    const sent = JSON.stringify(object);
    const python = sent.replaceAll("ü", "\\u00fc").replace(/([:,])/g, "$1 ");
    assert.match(explain(GITHUB, github(python, sent)), /json\.dumps/);
    const indented = JSON.stringify(object, null, 2);
    assert.match(explain(GITHUB, github(indented, sent)), /so large a body is not tried in all/);
    const small = { ...object, text: "ü" };
    assert.match(explain(GITHUB, github(JSON.stringify(small, null, 2), JSON.stringify(small))), /indent of 2/);
  });

  it("is not looked for in what would be mostly indent", () => {
    const deep = (levels: number) => JSON.parse("[".repeat(levels) + "]".repeat(levels)) as unknown;
    const fits = (levels: number) =>
      explain(GITHUB, github(JSON.stringify(deep(levels), null, 2), JSON.stringify(deep(levels))));
    assert.match(fits(4), /indent of 2/);
    assert.match(fits(60), /fits no other spelling/);
  });

  it("says which other spelling of the secret fits", () => {
    const rest = SECRET.slice("whsec_".length);
    const standard = (key: string | Uint8Array) => {
      const digest = createHmac("sha256", key).update(`msg_1.${NOW_SECONDS}.${BODY}`).digest("base64");
      const headers = { "webhook-id": "msg_1", "webhook-timestamp": NOW_SECONDS, "webhook-signature": `v1,${digest}` };
      return explain(settingsOf("standard-webhooks"), requestOf(headers));
    };
    assert.match(standard(SECRET), /as text, prefix and all/);
    assert.match(standard(rest), /without its whsec_, which the sender's has not/);
    assert.match(explain(GITHUB, github(BODY, BODY, Buffer.from(rest, "base64"))), /after whsec_ decoded from base64/);
    const spaced = explain(GITHUB, github(BODY, BODY, "hush"), [], [" hush\n"]);
    assert.match(spaced, /The source's secret has white space around it/);
    const key = Buffer.from("00ff00ff", "hex");
    assert.match(explain(GITHUB, github(BODY, BODY, key), [], ["00ff00ff"]), /decoded from hex/);
  });

  it("says which other template fits", () => {
    const settings = hmacSettings({ timestampHeader: "X-Time", template: "{timestamp}.{body}" });
    const fits = (signed: string) => explain(settings, requestOf({ "X-Time": NOW_SECONDS, "X-Hash": hex(signed) }));
    assert.match(fits(BODY), /template "\{body\}"/);
    assert.match(fits(`v0:${NOW_SECONDS}:${BODY}`), /template "v0:\{timestamp\}:\{body\}"/);
  });

  it("says what of a body with its own signature was signed instead of its canonical form", () => {
    const rest = { b: 1, a: { d: 2, c: "ü" } };
    const body = (signed: string): string => JSON.stringify({ ...rest, signature: `sha256=${hex(signed)}` });
    const jcs = (signed: string): string => explain(settingsOf("jcs"), requestOf({}, body(signed)));
    assert.match(jcs(JSON.stringify(rest)), /JSON\.stringify writes it, rather than in canonical/);
    assert.match(jcs('{"b": 1, "a": {"d": 2, "c": "\\u00fc"}}'), /json\.dumps writes it/);
    assert.match(jcs('{"a": {"c": "\\u00fc", "d": 2}, "b": 1}'), /json\.dumps with sort_keys/);
    assert.match(jcs('{"a":{"c":"ü","d":2},"b":1,"signature":""}'), /empty field/);
  });

  it("names the URL that Twilio would have to have, without what may be secret of it", () => {
    const headers = { "X-Twilio-Signature": createHmac("sha1", "x").update("x").digest("base64") };
    const request = requestOf(headers, "", "https://user:pass@a.example/in/1?token=t0ken");
    const text = explain(settingsOf("twilio"), request);
    assert.match(text, /begin with https:\/\/a\.example\/in\/1\./);
    assert.doesNotMatch(text, /pass|t0ken/);
  });
});

describe("the explanation of a timestamp that is off", () => {
  it("says by how much, and whether the signature fits", () => {
    const old = String(NOW / 1000 - 412);
    const headers = (signed: string) => ({
      "X-Slack-Request-Timestamp": old,
      "X-Slack-Signature": `v0=${hex(signed)}`,
    });
    assert.match(
      explain(settingsOf("slack"), requestOf(headers(`v0:${old}:${BODY}`))),
      /412 s .* The signature fits\./,
    );
    assert.match(explain(settingsOf("slack"), requestOf(headers(BODY))), /412 s .* does not fit either\./);
  });
});

describe("the explanation of headers that are missing or malformed", () => {
  const bare = createHmac("sha256", SECRET).update(BODY);
  const digest = bare.digest();

  it("names the header, and the one that is there instead", () => {
    const text = explain(GITHUB, requestOf({ "X-Hub-Signature": "sha1=abc", accept: "*/*" }));
    assert.match(text, /no X-Hub-Signature-256 header\. There is x-hub-signature\./);
    assert.match(explain(GITHUB, requestOf({})), /No header that looks like a signature/);
    const stripe = requestOf({
      "x-signature": "a",
      "x-shopify-hmac-sha256": "b",
      "content-digest": "c",
      "x-sign": "d",
    });
    assert.match(
      explain(settingsOf("stripe"), stripe),
      /There is x-signature, x-shopify-hmac-sha256 and content-digest\./,
    );
    const slack = requestOf({ "X-Slack-Signature": `v0=${digest.toString("hex")}`, "X-Timestamp": "1" });
    assert.match(explain(settingsOf("slack"), slack), /no X-Slack-Request-Timestamp header.* There is x-timestamp\./);
    assert.match(explain(settingsOf("jcs"), requestOf({ "X-Signature": "abc" })), /does not begin with "sha256="/);
  });

  it("says which encoding, prefix or length is there instead", () => {
    const hub = (text: string): string => explain(GITHUB, requestOf({ "X-Hub-Signature-256": text }));
    const shopify = (text: string): string =>
      explain(settingsOf("shopify"), requestOf({ "X-Shopify-Hmac-Sha256": text }));
    assert.match(hub(digest.toString("hex")), /does not begin with "sha256="\. The signature is there without it\./);
    assert.match(hub(`sha1=${hex(BODY, SECRET, "sha1")}`), /It begins with "sha1="/);
    assert.match(hub(`sha256=${digest.toString("base64")}`), /32 bytes \(SHA-256\) in hex\. It is in base64\./);
    assert.match(hub(`sha256=${hex(BODY, SECRET, "sha1")}`), /as long as one by SHA-1/);
    assert.match(hub("sha256=abcd"), /It is in hex, of another length/);
    assert.match(shopify(digest.toString("hex")), /in base64\. It is in hex\./);
    assert.match(shopify(`sha256=${digest.toString("hex")}`), /It begins with "sha256="/);
    assert.match(shopify(digest.toString("base64url")), /base64url|padding/);
    assert.match(shopify(digest.toString("base64").replace("=", "")), /padding|base64url/);
  });

  it("says which part is missing", () => {
    const stripe = (text: string): string => explain(settingsOf("stripe"), requestOf({ "Stripe-Signature": text }));
    assert.match(stripe("v1=abc"), /no "t=" part/);
    assert.match(stripe("t=1,t=2,v1=abc"), /more than one "t=" part/);
    assert.match(stripe("t=1,v0=abc"), /no "v1=" part/);
    const standard = requestOf({ "webhook-signature": "v1,abc", "webhook-timestamp": "1" });
    assert.match(explain(settingsOf("standard-webhooks"), standard), /no webhook-id header/);
  });
});

describe("any explanation", () => {
  it("never throws, whatever the body is", () => {
    const body = fc.oneof(fc.uint8Array(), fc.json().map(Buffer.from), fc.string({ unit: "binary" }).map(Buffer.from));
    const deep = `{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`;
    fc.assert(
      fc.property(body, (bytes) => {
        assert.notEqual(explain(GITHUB, github("another", bytes)), "");
        explain(settingsOf("jcs"), requestOf({}, bytes));
      }),
      { examples: [[Buffer.from(deep)], [Buffer.from('{"a":1e400,"b":"\\ud800"}')]] },
    );
  });
});
