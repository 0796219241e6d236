import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import canonicalize from "canonicalize";
import fc from "fast-check";
import { anyCharacter } from "../../../../test/fixtures/any-character.ts";
import { BODY, NOW, NOW_SECONDS, requestOf, SECRET, settingsOf } from "../../../../test/fixtures/inbound-requests.ts";
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import type { SourceSettings } from "../../../domain/inbound/source.ts";
import { verifyRequest } from "../verify/verify.ts";
import { explainRejection } from "./explain.ts";

const GITHUB = settingsOf("github");

function hex(content: string | Uint8Array, secret: string | Uint8Array = SECRET, algorithm = "sha256"): string {
  return createHmac(algorithm, secret).update(content).digest("hex");
}

function github(signed: string | Uint8Array, body: string | Uint8Array, secret: string | Uint8Array = SECRET) {
  return requestOf({ "X-Hub-Signature-256": `sha256=${hex(signed, secret)}` }, body);
}

/** @param expired secrets that the source had before */
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

describe("the explanation of a signature that does not match", () => {
  it("names an earlier secret of the source", () => {
    assert.match(explain(GITHUB, github(BODY, BODY, "the old secret"), ["older", "the old secret"]), /earlier secret/);
  });

  it("says that the sender probably has another secret when nothing matches", () => {
    assert.match(explain(GITHUB, github(BODY, BODY, "another")), /another secret/);
  });

  it("names the other body that matches", () => {
    const object = { b: [1, "ü"], a: { c: null } };
    const sent = JSON.stringify(object, null, 4);
    const python = '{"b": [1, "\\u00fc"], "a": {"c": null}}';
    const cases: [string, string, string, RegExp][] = [
      ["re-serialized", JSON.stringify(object), sent, /JSON\.stringify\(JSON\.parse\(body\)\)/],
      ["canonical", canonicalize(object) ?? "", sent, /canonical form \(RFC 8785\)/],
      ["indented", JSON.stringify(object, null, 2), JSON.stringify(object), /indent of 2/],
      ["by Python", python, JSON.stringify(object), /json\.dumps/],
      ["a newline too many", BODY, `${BODY}\r\n`, /without the white space around it/],
      ["a newline too few", `${BODY}\n`, BODY, /with a newline at its end/],
    ];
    for (const [name, signed, body, expected] of cases) {
      assert.match(explain(GITHUB, github(signed, body)), expected, name);
    }
  });

  it("looks for the likeliest variants of a large body only", () => {
    const object = { text: "ü".repeat(60_000), list: [1, 2] };
    const sent = JSON.stringify(object);
    const python = sent.replaceAll("ü", "\\u00fc").replace(/([:,])/g, "$1 ");
    assert.match(explain(GITHUB, github(python, sent)), /json\.dumps/);
    assert.match(explain(GITHUB, github(JSON.stringify(object, null, 2), sent)), /matches no usual variant/);
  });

  it("does not indent a body that would become mostly indent", () => {
    const deep = (levels: number) => JSON.parse("[".repeat(levels) + "]".repeat(levels)) as unknown;
    const cause = (levels: number) =>
      explain(GITHUB, github(JSON.stringify(deep(levels), null, 2), JSON.stringify(deep(levels))));
    assert.match(cause(4), /indent of 2/);
    assert.match(cause(60), /matches no usual variant/);
  });

  it("names the other spelling of the secret that matches", () => {
    const rest = SECRET.slice("whsec_".length);
    const standard = (key: string | Uint8Array) => {
      const digest = createHmac("sha256", key).update(`msg_1.${NOW_SECONDS}.${BODY}`).digest("base64");
      const headers = { "webhook-id": "msg_1", "webhook-timestamp": NOW_SECONDS, "webhook-signature": `v1,${digest}` };
      return explain(settingsOf("standard-webhooks"), requestOf(headers));
    };
    assert.match(standard(SECRET), /as text, prefix included/);
    assert.match(standard(rest), /without its whsec_/);
    assert.match(explain(GITHUB, github(BODY, BODY, Buffer.from(rest, "base64"))), /after whsec_ decoded from base64/);
    const spaced = explain(GITHUB, github(BODY, BODY, "hush"), [], [" hush\n"]);
    assert.match(spaced, /The source's secret has white space around it/);
    const key = Buffer.from("00ff00ff", "hex");
    assert.match(explain(GITHUB, github(BODY, BODY, key), [], ["00ff00ff"]), /decoded from hex/);
  });

  it("says what was signed instead of the canonical form of a body with its own signature", () => {
    const rest = { b: 1, a: { d: 2, c: "ü" } };
    const body = (signed: string): string => JSON.stringify({ ...rest, signature: `sha256=${hex(signed)}` });
    const jcs = (signed: string): string => explain(settingsOf("jcs"), requestOf({}, body(signed)));
    assert.match(jcs(JSON.stringify(rest)), /writes it\. The sender has to sign the canonical form/);
    assert.match(jcs('{"b": 1, "a": {"d": 2, "c": "\\u00fc"}}'), /json\.dumps writes it/);
    assert.match(jcs('{"a": {"c": "\\u00fc", "d": 2}, "b": 1}'), /json\.dumps with sort_keys/);
  });

  it("names the URL that Twilio signs, too", () => {
    const headers = { "X-Twilio-Signature": createHmac("sha1", "x").update("x").digest("base64") };
    const request = requestOf(headers, "", "https://a.example/in/1");
    assert.match(explain(settingsOf("twilio"), request), /compare it with this record's URL/);
  });
});

describe("the explanation of a wrong timestamp", () => {
  it("says by how much it is wrong, and whether the signature matches", () => {
    const old = String(NOW / 1000 - 412);
    const headers = (signed: string) => ({
      "X-Slack-Request-Timestamp": old,
      "X-Slack-Signature": `v0=${hex(signed)}`,
    });
    assert.match(
      explain(settingsOf("slack"), requestOf(headers(`v0:${old}:${BODY}`))),
      /412 s .* The signature matches\./,
    );
    assert.match(explain(settingsOf("slack"), requestOf(headers(BODY))), /412 s .* does not match either\./);
  });
});

describe("the explanation of headers that are missing or malformed", () => {
  const bare = createHmac("sha256", SECRET).update(BODY);
  const digest = bare.digest();

  it("names the header, and the similar headers that are present", () => {
    const text = explain(GITHUB, requestOf({ "X-Hub-Signature": "sha1=abc", accept: "*/*" }));
    assert.match(text, /The X-Hub-Signature-256 header is missing\. These headers are present: x-hub-signature\./);
    assert.match(explain(GITHUB, requestOf({})), /No other header looks like a signature/);
    const stripe = requestOf({
      "x-signature": "a",
      "x-shopify-hmac-sha256": "b",
      "content-digest": "c",
      "x-sign": "d",
    });
    assert.match(
      explain(settingsOf("stripe"), stripe),
      /present: x-signature, x-shopify-hmac-sha256 and content-digest\./,
    );
    const slack = requestOf({ "X-Slack-Signature": `v0=${digest.toString("hex")}`, "X-Timestamp": "1" });
    assert.match(
      explain(settingsOf("slack"), slack),
      /The X-Slack-Request-Timestamp header.* is missing\. .*present: x-timestamp\./,
    );
    assert.match(explain(settingsOf("jcs"), requestOf({ "X-Signature": "abc" })), /does not begin with "sha256="/);
  });

  it("names the encoding, prefix or length that is there instead", () => {
    const hub = (text: string): string => explain(GITHUB, requestOf({ "X-Hub-Signature-256": text }));
    const shopify = (text: string): string =>
      explain(settingsOf("shopify"), requestOf({ "X-Shopify-Hmac-Sha256": text }));
    assert.match(
      hub(digest.toString("hex")),
      /does not begin with "sha256="\. The signature is there, without the prefix\./,
    );
    assert.match(hub(`sha1=${hex(BODY, SECRET, "sha1")}`), /It begins with "sha1="/);
    assert.match(hub(`sha256=${digest.toString("base64")}`), /32 bytes \(SHA-256\) in hex\. It is in base64\./);
    assert.match(hub(`sha256=${hex(BODY, SECRET, "sha1")}`), /the length of a SHA-1 signature/);
    assert.match(hub("sha256=abcd"), /It is in hex, but has another length/);
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
    assert.match(explain(settingsOf("standard-webhooks"), standard), /The webhook-id header is missing/);
  });
});

describe("any explanation", () => {
  it("never throws, whatever the body is", () => {
    const body = fc.oneof(
      fc.uint8Array(),
      fc.json().map(Buffer.from),
      fc.string({ unit: anyCharacter }).map(Buffer.from),
    );
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
