import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import { sign as octokitSign } from "@octokit/webhooks-methods";
import { Webhook as StandardWebhook } from "standardwebhooks";
import "@shopify/shopify-api/adapters/web-api";
import { ApiVersion, shopifyApi } from "@shopify/shopify-api";
import Stripe from "stripe";
import { Webhook as SvixWebhook } from "svix";
import { sign } from "../../../../packages/sdk/src/signing/sign.ts";
import {
  BODY,
  NOW,
  NOW_SECONDS,
  outcome,
  requestOf,
  SECRET,
  settingsOf,
} from "../../../../test/fixtures/inbound-requests.ts";
import { renderHeaders } from "../../../domain/formats/index.ts";
import type { Uuid } from "../../../domain/ids.ts";
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import type { SourceSettings } from "../../../domain/inbound/source.ts";
import { hmacSha256 } from "../../delivery/hmac.ts";
import { verifyRequest } from "./verify.ts";

function check(settings: SourceSettings, request: InboundRequest, secret: string | string[] = SECRET, at = NOW) {
  return outcome(verifyRequest(settings, [secret].flat(), request, at));
}

function base64(content: string, secret = SECRET): string {
  return createHmac("sha256", secret).update(content).digest("base64");
}

describe("a provider's published vector", () => {
  it("verifies: GitHub, “Validating webhook deliveries”", () => {
    const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    const request = requestOf({ "X-Hub-Signature-256": signature }, "Hello, World!");
    assert.equal(check(settingsOf("github"), request, "It's a Secret to Everybody"), "verified");
  });

  it("verifies: Slack, “Verifying requests from Slack”", () => {
    const body =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V" +
      "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=" +
      "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN" +
      "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const headers = {
      "X-Slack-Request-Timestamp": "1531420618",
      "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    };
    const secret = "8f742231b10e8888abcd99yyyzzz85a5";
    assert.equal(check(settingsOf("slack"), requestOf(headers, body), secret, 1_531_420_618_000), "verified");
  });

  it("verifies: Standard Webhooks 1.0", () => {
    const headers = {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const request = requestOf(headers, '{"test": 2432232314}');
    assert.equal(check(settingsOf("standard-webhooks"), request, SECRET, 1_614_265_330_000), "verified");
  });

  describe("of Twilio's libraries", () => {
    const url = "https://mycompany.com/myapp.php?foo=1&bar=2";
    const body = "To=%2B18005551212&Digits=1234&Caller=%2B14158675309&From=%2B14158675309&CallSid=CA1234567890ABCDE";
    const form = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
    const twilio = (signature: string, at: string, content = body, headers: object = form): string =>
      check(settingsOf("twilio"), requestOf({ "X-Twilio-Signature": signature, ...headers }, content, at), "12345");

    it("verifies a form, its parameters in any order", () => {
      assert.equal(twilio("RSOYDt4T1cUTdK1PDd93/VVr8B8=", url), "verified");
      assert.equal(twilio("RSOYDt4T1cUTdK1PDd93/VVr8B8=", url, body.replace("1234&", "1235&")), "signature_mismatch");
    });

    it("verifies a form with a repeated parameter", () => {
      const repeated = "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234";
      assert.equal(twilio("IK+Dwps556ElfBT0I3Rgjkr1wJU=", url, repeated), "verified");
    });

    it("verifies a body by the hash in its URL", () => {
      const json = '{"property": "value", "boolean": true}';
      const at = `${url}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620`;
      const headers = { "content-type": "application/json" };
      assert.equal(twilio("a9nBmqA0ju/hNViExpshrM61xv4=", at, json, headers), "verified");
      assert.equal(twilio("a9nBmqA0ju/hNViExpshrM61xv4=", at, `${json} `, headers), "signature_mismatch");
      assert.equal(twilio("a9nBmqA0ju/hNViExpshrM61xv4=", url, json, headers), "signature_missing");
    });

    it("verifies with the URL's port, without it, and with the default port", () => {
      const http = url.replace("https", "http");
      assert.equal(twilio("RSOYDt4T1cUTdK1PDd93/VVr8B8=", url.replace(".com", ".com:1234")), "verified");
      assert.equal(twilio("Zmvh+3yNM1Phv2jhDCwEM3q5ebU=", http.replace(".com", ".com:1234")), "verified");
      assert.equal(twilio("kvajT1Ptam85bY51eRf/AJRuM3w=", url), "verified");
      assert.equal(twilio("0ZXoZLH/DfblKGATFgpif+LLRf4=", http), "verified");
      assert.equal(twilio("CukzLTc1tT5dXEDIHm/tKBanW10=", url.replace("//", "//user:pass@")), "verified");
      assert.equal(twilio("ZQFR1PTIZXF2MXB8ZnKCvnnA+rI=", url.replace("//", "//user:pass@")), "verified");
    });
  });
});

describe("what a provider's own library signs", () => {
  it("verifies: @octokit/webhooks-methods", async () => {
    const request = requestOf({ "X-Hub-Signature-256": await octokitSign(SECRET, BODY) });
    assert.equal(check(settingsOf("github"), request), "verified");
  });

  it("verifies: stripe, and it checks every signature of a rolled secret", () => {
    const stripe = new Stripe("sk_test_1");
    const sent = (secret: string): string =>
      stripe.webhooks.generateTestHeaderString({ payload: BODY, secret, timestamp: NOW / 1000 });
    assert.equal(check(settingsOf("stripe"), requestOf({ "Stripe-Signature": sent(SECRET) })), "verified");
    const [, other] = sent("whsec_other").split(",");
    const rolled = { "Stripe-Signature": `${sent(SECRET).replace(",", `,${other},`)},v0=6ffbb59b` };
    assert.equal(check(settingsOf("stripe"), requestOf(rolled)), "verified");
    assert.equal(check(settingsOf("stripe"), requestOf(rolled), "whsec_others"), "signature_mismatch");
  });

  it("verifies: standardwebhooks and svix, whose headers have an older name", () => {
    const date = new Date(NOW);
    const headers = (name: string, signature: string) => ({
      [`${name}-id`]: "msg_1",
      [`${name}-timestamp`]: NOW_SECONDS,
      [`${name}-signature`]: signature,
    });
    const standard = headers("webhook", `v1a,AAAA ${new StandardWebhook(SECRET).sign("msg_1", date, BODY)}`);
    assert.equal(check(settingsOf("standard-webhooks"), requestOf(standard)), "verified");
    const svix = headers("svix", new SvixWebhook(SECRET).sign("msg_1", date, BODY));
    assert.equal(check(settingsOf("standard-webhooks"), requestOf(svix)), "verified");
    assert.equal(
      check(settingsOf("standard-webhooks"), requestOf({ ...svix, "webhook-signature": "v1,AAAA" })),
      "header_missing",
    );
  });

  it("verifies: this server's own deliveries, and its SDK's signatures", async () => {
    const id = "0195aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee" as Uuid;
    for (const format of ["standard", "pausepoint", "pacspace"] as const) {
      const rendered = renderHeaders({
        format,
        event: { id, type: "a.b" },
        deliveryId: id,
        attemptNumber: 1,
        secrets: { current: SECRET, previous: null },
        customHeaders: {},
        now: NOW,
        body: BODY,
        userAgent: "Signalbox/1",
        hmac: hmacSha256,
      });
      const pairs = rendered.flatMap((name, index) => (index % 2 === 0 ? [[name, rendered[index + 1]]] : []));
      const settings = settingsOf(format === "standard" ? "standard-webhooks" : format);
      assert.equal(check(settings, requestOf(Object.fromEntries(pairs))), "verified", format);
      const signed = await sign({ secret: SECRET, body: BODY, format, timestamp: new Date(NOW) });
      assert.equal(check(settings, requestOf(signed)), "verified", format);
    }
  });

  it("verifies what @shopify/shopify-api accepts, for webhooks and for events", async () => {
    const shopify = shopifyApi({
      apiKey: "key",
      apiSecretKey: SECRET,
      hostName: "example.com",
      apiVersion: ApiVersion.July26,
      isEmbeddedApp: false,
      logger: { log: () => undefined },
    });
    const headers = (prefix: string, signature: string) => ({
      [`${prefix}-Hmac-Sha256`]: signature,
      [`${prefix}-Topic`]: "orders/create",
      [`${prefix}-Shop-Domain`]: "example.myshopify.com",
      [`${prefix}-API-Version`]: "2026-07",
      [`${prefix}-Webhook-Id`]: "1",
      [`${prefix}-Event-Id`]: "2",
    });
    for (const prefix of ["X-Shopify", "Shopify"]) {
      for (const secret of [SECRET, "another"]) {
        const sent = headers(prefix, base64(BODY, secret));
        const rawRequest = new Request("https://example.com/in", { method: "POST", headers: sent });
        const { valid } = await shopify.webhooks.validate({ rawBody: BODY, rawRequest });
        assert.equal(check(settingsOf("shopify"), requestOf(sent)), valid ? "verified" : "signature_mismatch");
        assert.equal(valid, secret === SECRET);
      }
    }
  });
});
