import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  hmacSettings,
  NOW,
  NOW_SECONDS,
  requestOf,
  SECRET,
  settingsOf,
} from "../../../test/fixtures/inbound-requests.ts";
import { SCHEMES, type SourceSettings } from "../../domain/inbound/source.ts";
import { INBOUND_HEADERS_CHARS_MAX } from "../../domain/limits.ts";
import { isOfCredentials, keptHeaders } from "./kept-headers.ts";
import { parseRequest } from "./payload/parse-request.ts";
import { verifyRequest } from "./verify/verify.ts";

const JUNK = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`x-junk-${at}`, "j".repeat(1000)]));
/** Leaves no space for even the shortest header. */
const CRUMBS = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`x-${at}`, "jjjj"]));
const GITHUB = settingsOf("github");
const HEX = "ab".repeat(32);
const BASE64 = Buffer.alloc(32, 1).toString("base64");

/** Well-formed, so that a scheme goes on to its next header. */
const EXAMPLES: Readonly<Record<string, string>> = {
  "content-type": "application/json",
  "x-hub-signature-256": `sha256=${HEX}`,
  "x-signature": `sha256=${HEX}`,
  "x-pausepoint-signature": `sha256=${HEX}`,
  "x-slack-signature": `v0=${HEX}`,
  "x-slack-request-timestamp": NOW_SECONDS,
  "x-pacspace-signature": `v1=${HEX}`,
  "x-pacspace-timestamp": NOW_SECONDS,
  "stripe-signature": `t=${NOW_SECONDS},v1=${HEX}`,
  "x-shopify-hmac-sha256": BASE64,
  "shopify-hmac-sha256": BASE64,
  "x-twilio-signature": Buffer.alloc(20).toString("base64"),
  "webhook-signature": `v1,${BASE64}`,
  "webhook-timestamp": NOW_SECONDS,
  "webhook-id": "msg_1",
  "svix-signature": `v1,${BASE64}`,
  "svix-timestamp": NOW_SECONDS,
  "svix-id": "msg_1",
};

/** The names of the headers that the server reads when it verifies and parses such a request. */
function asked(settings: SourceSettings, present: object): Set<string> {
  const names = new Set<string>();
  const noted = <Name extends string | symbol>(name: Name): Name => {
    names.add(String(name));
    return name;
  };
  const request = requestOf(present);
  const headers = new Proxy(request.headers, {
    get: (of, name) => Reflect.get(of, noted(name)),
    getOwnPropertyDescriptor: (of, name) => Reflect.getOwnPropertyDescriptor(of, noted(name)),
    // Listing all headers reads none of them.
    ownKeys: () => [],
  });
  verifyRequest(settings, [SECRET], { ...request, headers }, NOW);
  parseRequest(settings, { ...request, headers });
  return names;
}

describe("the headers that are kept", () => {
  it("are first those that a scheme reads, wherever they are in the request, and keep their order", () => {
    const headers = { ...JUNK, "x-hub-signature-256": `sha256=${HEX}`, "x-last": "1", "x-github-event": "push" };
    const kept = Object.keys(keptHeaders(headers, GITHUB));
    assert.deepEqual(kept, [...Object.keys(JUNK).slice(0, 8), "x-hub-signature-256", "x-last", "x-github-event"]);
    assert.deepEqual(keptHeaders(headers, null), keptHeaders(headers, GITHUB), "for an unknown sender, too");
  });

  it("continue after a header that does not fit, and stay within the limit", () => {
    const huge = { "x-signature": "s".repeat(INBOUND_HEADERS_CHARS_MAX), "x-hub-signature-256": `sha256=${HEX}` };
    assert.deepEqual(Object.keys(keptHeaders(huge, GITHUB)), ["x-hub-signature-256"]);
    const name = "x-signature";
    const whole = { [name]: "s".repeat(INBOUND_HEADERS_CHARS_MAX - name.length) };
    assert.deepEqual(keptHeaders({ ...JUNK, ...whole }, GITHUB), whole);
  });

  it("include all headers that the settings name, and prefer those that look like a signature", () => {
    const settings: SourceSettings = {
      ...hmacSettings({
        header: "Acme-Mac",
        timestampHeader: "Acme-Time",
        deliveryId: { from: "header", name: "Acme-Id" },
      }),
      eventType: { place: { from: "header", name: "Acme-Type" }, prefix: "", fallback: null },
    };
    const named = { "acme-mac": "1", "acme-time": "2", "acme-id": "3", "acme-type": "4" };
    const kept = keptHeaders({ ...CRUMBS, "x-other-signature": "5", "acme-other": "6", ...named }, settings);
    for (const [name, value] of Object.entries({ ...named, "x-other-signature": "5" })) assert.equal(kept[name], value);
    assert.equal(kept["acme-other"], undefined);
  });

  for (const scheme of SCHEMES) {
    it(`include every header that scheme ${scheme} reads`, () => {
      const settings = scheme === "hmac" ? hmacSettings() : settingsOf(scheme, { basic: { username: "ann" } });
      const without = Object.keys(EXAMPLES).map((one) => ({ ...EXAMPLES, [one]: "" }));
      const names = [{}, EXAMPLES, ...without].flatMap((present) => [...asked(settings, present)]);
      for (const name of new Set(names)) {
        if (scheme === "basic" && name === "authorization") continue;
        assert.equal(keptHeaders({ ...CRUMBS, [name]: "v" }, settings)[name], "v", name);
      }
    });
  }
});

describe("a header with credentials", () => {
  const NAMES = [
    "authorization",
    "proxy-authorization",
    "x-forwarded-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "x-apikey",
    "x-acme-api_key",
    "x-auth-key",
    "x-access-key",
    "x-auth",
    "x-auth-token",
    "x-authtoken",
    "x-gitlab-token",
    "x-amz-security-token",
    "x-token-id",
    "x-csrf-tokens",
    "x-webhook-secret",
    "x-secret-key",
    "x-password",
    "x-acme-passwd",
    "x-credential",
    "x-acme-credentials-v2",
    "x-session",
    "x-session-id",
    "x-sessionid",
    "x-parse-webhook-key",
    "x-master-key",
    "x-signing-key",
    "x-pwd",
    "x-otp",
  ];
  const OTHERS = [
    ...Object.keys(EXAMPLES),
    "i-twilio-idempotency-token",
    "x-idempotency-token",
    "idempotency-key",
    "x-routing-key",
    "x-pinned",
    "x-author",
    "x-auth-event",
    "x-tokenized",
    "x-secretary",
  ];

  it("is recognized by a part of its name, and never kept", () => {
    for (const name of NAMES) {
      assert.ok(isOfCredentials(name), name);
      const settings = hmacSettings({ deliveryId: { from: "header", name } });
      for (const whose of [GITHUB, settings, null]) assert.deepEqual(keptHeaders({ [name]: "v" }, whose), {}, name);
    }
    for (const name of OTHERS) assert.ok(!isOfCredentials(name), name);
  });

  it("is kept when the source's settings say that it is a signature, and its value is one", () => {
    const settings = hmacSettings({ header: "X-Gitlab-Token" });
    assert.deepEqual(keptHeaders({ "x-gitlab-token": HEX }, settings), { "x-gitlab-token": HEX });
    assert.deepEqual(keptHeaders({ "x-gitlab-token": "glptt-0123" }, settings), {});
    assert.deepEqual(keptHeaders({ "x-gitlab-token": HEX }, GITHUB), {});
    const two = `v1=${HEX},v1=${HEX}`;
    const prefixed = hmacSettings({ header: "X-Gitlab-Token", prefix: "v1=" });
    assert.deepEqual(keptHeaders({ "x-gitlab-token": two }, prefixed), { "x-gitlab-token": two });
    for (const more of ["glptt-0123, v1=", "v1=glptt-0123 v1="]) {
      assert.deepEqual(keptHeaders({ "x-gitlab-token": more + HEX }, prefixed), {}, more);
    }
    const behind = hmacSettings({ header: "X-Gitlab-Token", prefix: "HMAC " });
    for (const value of [`HMAC ${HEX} glptt-0123`, `Bearer glptt-0123, HMAC ${HEX}`]) {
      assert.deepEqual(keptHeaders({ "x-gitlab-token": value }, behind), {}, value);
    }
  });
});
