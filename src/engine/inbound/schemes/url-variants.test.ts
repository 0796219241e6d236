/** Twilio signs the registered URL. Its own library decides which registered URLs an arriving URL may stand for. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { getExpectedTwilioSignature, validateRequest } from "twilio/lib/webhooks/webhooks.js";
import { outcome, requestOf, SECRET, settingsOf } from "../../../../test/fixtures/inbound-requests.ts";
import { verifyRequest } from "../verify/verify.ts";
import { urlVariants } from "./url-variants.ts";

const BASE = "https://hooks.example.com/in/src_1";
const PARAMETERS = { CallSid: "CA1", From: "+15550001111", Body: "a b'(c)" };
const FORM = { "content-type": "application/x-www-form-urlencoded" };

/** Whether a request that was signed for one URL verifies when it arrives at another. */
function isVerified(signed: string, came: string, algorithm?: string): boolean {
  const settings =
    algorithm === undefined ? {} : { "x-twilio-webhooks-signature-settings": `key=k1, algorithm=${algorithm}` };
  const signature = getExpectedTwilioSignature(SECRET, signed, PARAMETERS, algorithm);
  const headers = { "x-twilio-signature": signature, ...FORM, ...settings };
  const request = requestOf(headers, new URLSearchParams(PARAMETERS).toString(), came);
  return outcome(verifyRequest(settingsOf("twilio"), [SECRET], request, 0)) === "verified";
}

describe("the variants of a URL", () => {
  it("differ only in the port when there is nothing to rewrite", () => {
    assert.deepEqual(urlVariants(BASE), [BASE, BASE.replace(".com", ".com:443")]);
    assert.deepEqual(urlVariants(`${BASE}?a=1&b`).length, 4, "`b` and `b=`");
    assert.deepEqual(urlVariants("not a URL"), ["not a URL"]);
  });

  it("are those that proxies and libraries make of one another's", () => {
    const families = [
      ["name=O'Brien", "name=O%27Brien"],
      ["q=a%20b", "q=a+b"],
      ["q=%C3%A9", "q=%c3%a9"],
      ["q=(x)!*~", "q=%28x%29%21%2A%7E", "q=%28x%29%21*%7E", "q=%28x%29%21%2A~", "q=%28x%29%21%2a~"],
      ["a=O'Brien%20(x)&b=%C3%A9", "a=O%27Brien+%28x%29&b=%C3%A9", "a=O%27Brien%20%28x%29&b=%c3%a9"],
    ];
    for (const family of families) {
      for (const signed of family) {
        for (const came of family) {
          assert.ok(isVerified(`${BASE}?${signed}`, `${BASE}?${came}`), `${signed} comes as ${came}`);
          assert.ok(
            isVerified(`${BASE.replace(".com", ".com:443")}?${signed}`, `${BASE}?${came}`),
            `${signed} with its port`,
          );
        }
      }
    }
    for (const [signed, came] of [
      ["q=a%20b", "q=a%2520b"],
      ["q=a", "q=A"],
      ["q=a%2Bb", "q=a+b"],
      ["a=1&b=2", "b=2&a=1"],
      ["a=1", ""],
    ]) {
      assert.ok(!isVerified(`${BASE}?${signed}`, `${BASE}?${came}`), `${signed} is not ${came}`);
    }
  });

  it("include all of the library's own", () => {
    const text = fc.string({ unit: fc.constantFrom(..."ab é'()!*~+-_.%&=?/:@ \"<>".split("")), maxLength: 8 });
    const writers: readonly ((query: string) => string)[] = [
      (query) => query.replaceAll(" ", "%20"),
      (query) => new URLSearchParams(query).toString(),
      (query) => new URL(`${BASE}?${query}`).search.slice(1),
      encodeURI,
    ];
    fc.assert(
      fc.property(text, fc.constantFrom(...writers), fc.constantFrom(...writers), (query, one, other) => {
        const [signed, came] = [`${BASE}?${one(query)}`, `${BASE}?${other(query)}`];
        const signature = getExpectedTwilioSignature(SECRET, signed, PARAMETERS);
        fc.pre(validateRequest(SECRET, signature, came, PARAMETERS));
        assert.ok(isVerified(signed, came), `${signed} comes as ${came}`);
      }),
    );
  });

  it("are bounded for any query", () => {
    const escapes = fc.string({
      unit: fc.constantFrom("%c3%A9", "%27", "'", "+", "%20", "~", "*", "(", "=", "&", "é", "%zz", "%"),
    });
    fc.assert(
      fc.property(escapes, (query) => {
        const spellings = urlVariants(`${BASE}?${query}`);
        assert.ok(spellings.length <= 26 && new Set(spellings).size === spellings.length);
        assert.equal(spellings[0], `${BASE}?${query}`);
      }),
    );
  });
});

describe("Twilio's algorithms", () => {
  it("are that of accounts and that of shared keys", () => {
    assert.ok(isVerified(BASE, BASE, "HMAC_SHA1"));
    assert.ok(isVerified(BASE, BASE, "HMAC_SHA256"));
    const headers = { "x-twilio-signature": "a", "x-twilio-webhooks-signature-settings": "algorithm=HMAC_MD5" };
    const refused = verifyRequest(settingsOf("twilio"), [SECRET], requestOf({ ...headers, ...FORM }), 0);
    assert.equal(outcome(refused), "header_malformed");
  });
});
