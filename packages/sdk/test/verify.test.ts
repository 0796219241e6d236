import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { type SignatureScheme, type SignOptions, sign, type VerifyOptions, verify } from "../src/index.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const SCHEMES: SignatureScheme[] = ["standard", "pacspace", "plain", "pausepoint"];
const NOW = new Date("2026-05-08T14:23:00Z");
const BODY = '{"type":"a.b","timestamp":"2026-05-08T14:23:00.000Z","data":{"n":1.0}}';

interface Vector {
  readonly name: string;
  readonly format: SignatureScheme;
  readonly secret: string;
  readonly id: string;
  readonly type: string;
  readonly delivery_id: string;
  readonly attempt: number;
  readonly timestamp: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

function readVectors(): readonly Vector[] {
  return JSON.parse(readFileSync(new URL("../vectors/deliveries.json", import.meta.url), "utf8")).vectors;
}

const signed = (more: Partial<SignOptions> = {}) => sign({ secret: SECRET, body: BODY, timestamp: NOW, ...more });
const check = (headers: VerifyOptions["headers"], more: Partial<VerifyOptions> = {}) =>
  verify({ body: BODY, secret: SECRET, now: NOW, headers, ...more });
const refused = (promise: Promise<unknown>, code: string) =>
  assert.rejects(promise, { name: "WebhookVerificationError", code });

const wronglyCalled = (promise: Promise<unknown>, message: RegExp) =>
  assert.rejects(promise, { name: "TypeError", message });

/** Keep only the headers of one scheme. */
async function onlyHeadersOf(
  format: SignatureScheme,
  more: Partial<SignOptions> = {},
): Promise<Record<string, string>> {
  const headers = await signed({ format, ...more });
  return format === "standard"
    ? headers
    : Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith("webhook-")));
}

describe("verify", () => {
  it("accepts headers from sign in every scheme, for any body and secret", async () => {
    const secret = fc.oneof(
      fc.uint8Array({ minLength: 24, maxLength: 64 }).map((key) => `whsec_${Buffer.from(key).toString("base64")}`),
      fc.string({ unit: "grapheme", minLength: 16 }),
      fc.constantFrom("whsec_your_signing_secret", "whsec_abc123def456xyz789"),
    );
    const body = fc
      .dictionary(fc.string(), fc.jsonValue({ stringUnit: "grapheme" }))
      .map((value) => JSON.stringify(value));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...SCHEMES), secret, body, async (format, secret, body) => {
        const headers = await onlyHeadersOf(format, { secret, body });
        const { scheme, body: parsed } = await check(headers, { secret, body });
        assert.equal(scheme, format);
        assert.deepEqual(parsed, JSON.parse(body));
        await refused(check(headers, { secret: `${secret}!`, body }), "signature_mismatch");
        await refused(check(headers, { secret, body: `${body} ` }), "signature_mismatch");
      }),
      { numRuns: 50 },
    );
  });

  it("accepts the published Standard Webhooks vector", async () => {
    const headers = {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const body = '{"test": 2432232314}';
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const event = await check(headers, { body, secret, now: new Date(1_614_265_330_000) });
    assert.deepEqual(event, {
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      unsignedId: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      type: null,
      unsignedType: null,
      attemptedAt: new Date(1_614_265_330_000),
      data: { test: 2432232314 },
      body: { test: 2432232314 },
      scheme: "standard",
    });
  });

  it("accepts the vectors, whose headers sign creates, in each scheme that they have", async () => {
    const vectors = readVectors();
    assert.ok(vectors.length > 10);
    for (const { name, headers, secret, body, format, id, timestamp, delivery_id: deliveryId, ...more } of vectors) {
      const at = new Date(timestamp * 1000);
      assert.deepEqual(await sign({ secret, body, format, id, deliveryId, timestamp: at, ...more }), headers, name);
      for (const scheme of ["standard", format] as const) {
        const event = await check(headers, { secret, body, scheme, now: at });
        assert.deepEqual(event.body, JSON.parse(body), name);
      }
      await refused(check(headers, { secret: `${secret}!`, body, now: at }), "signature_mismatch");
    }
  });

  it("opens each format's envelope", async () => {
    const envelopes = {
      standard: '{"type":"a.b","timestamp":"t","data":{"n":1}}',
      pacspace: '{"event":"a.b","timestamp":"t","data":{"n":1}}',
      pausepoint: '{"event":"a.b","developer_id":"dev_x","timestamp":"t","data":{"n":1}}',
      plain: '{"n":1}',
    };
    for (const format of SCHEMES) {
      const body = envelopes[format];
      const headers = await signed({ format, body, id: "evt_1", type: "a.b" });
      const { id, type, data } = await check(headers, { body });
      assert.deepEqual({ id, type, data }, { id: "evt_1", type: format === "plain" ? null : "a.b", data: { n: 1 } });
    }
  });

  it("returns an unsigned type and id separately from signed values", async () => {
    for (const format of SCHEMES) {
      const headers = { ...(await onlyHeadersOf(format, { id: "evt_1", type: "a.b" })) };
      const { id, unsignedId, unsignedType } = await check(headers);
      const named = { standard: "evt_1", pacspace: "evt_1", plain: null, pausepoint: null };
      assert.deepEqual([id, unsignedId], [format === "standard" ? "evt_1" : null, named[format]]);
      assert.equal(unsignedType, format === "standard" ? null : "a.b");
      for (const name of ["x-webhook-event", "x-pausepoint-event", "x-event-id"]) {
        if (headers[name] !== undefined) headers[name] = "forged";
      }
      const forged = await check(headers);
      assert.equal(forged.id, id);
      assert.equal(forged.type, format === "plain" ? null : "a.b");
    }
  });

  it("takes no type from the payload of a plain delivery, in any scheme", async () => {
    const lookalike = '{"type":"not.the.type","timestamp":"t","data":{"n":1}}';
    const headers = await signed({ format: "plain", body: lookalike, type: "a.b" });
    for (const scheme of ["standard", "plain"] as const) {
      const { type, unsignedType, data } = await check(headers, { body: lookalike, scheme });
      assert.deepEqual([type, unsignedType, data], [null, "a.b", JSON.parse(lookalike)]);
    }
  });

  it("reads an envelope in the same way when headers of format plain are added", async () => {
    const headers = await signed();
    const expected = await check(headers);
    const added = { "x-webhook-signature": `v1=${"0".repeat(64)}`, "x-webhook-timestamp": "1778250180" };
    assert.deepEqual(await check({ ...headers, ...added }), expected);
    assert.deepEqual(await check({ ...headers, ...added, "x-webhook-event": "forged" }), {
      ...expected,
      unsignedType: "forged",
    });
  });

  it("accepts Fetch's Headers and Node's record, in any letter case", async () => {
    const headers = await signed();
    await check(new Headers(headers));
    await check(Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value])));
    await check(Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])));
  });

  it("accepts a Map and pairs as headers, in any letter case, with the same result", async () => {
    const headers = await signed({ id: "evt_1" });
    const pairs = Object.entries(headers);
    const upper = pairs.map(([name, value]) => [name.toUpperCase(), value] as const);
    const lists = pairs.map(([name, value]) => [name, [value]] as const);
    const foreign = runInNewContext("new Map(pairs)", { pairs: upper });
    const koa = { get: (name: string) => headers[name] ?? "" };
    const express = { get: (name: string) => headers[name] as string };
    const expected = await check(headers);
    assert.deepEqual([expected.type, expected.data], ["a.b", { n: 1 }]);
    const shapes = [new Map(pairs), new Map(upper), new Map(lists), foreign, pairs, upper, lists, koa, express];
    for (const shape of [...shapes, new Headers(headers)]) assert.deepEqual(await check(shape), expected);
    await refused(check([...pairs, ["Webhook-Id", "evt_1"]]), "malformed_headers");
    await refused(check(new Map([...pairs, ["Webhook-Id", "evt_1"]])), "malformed_headers");
    await refused(check({ get: (name: string) => [headers[name], "x"] as unknown as string }), "malformed_headers");
    await refused(check([]), "missing_headers");
    await refused(check(new Map()), "missing_headers");
  });

  it("reports headers of an unsupported shape instead of missing headers", async () => {
    const headers = await signed();
    const raw = Object.entries(headers).flat();
    const none = [undefined, null, 5, "webhook-id: 1", () => null, Promise.resolve(headers), raw, [["webhook-id"]]];
    for (const wrong of [...none, Buffer.from("a")])
      await wronglyCalled(check(wrong as unknown as Headers), /^headers must be a Headers object, a Map or array of/);
    for (const value of [5, true, {}, [5]]) {
      const wrong = { ...headers, "webhook-id": value } as unknown as Record<string, string>;
      await wronglyCalled(check(wrong), /^headers must have a string as webhook-id/);
    }
    await check({ ...headers, "content-length": 5, cookie: null } as unknown as Record<string, string>);
  });

  it("never accepts a delivery because of an invalid tolerance, time or scheme", async () => {
    const old = await sign({ secret: SECRET, body: BODY, timestamp: new Date(0) });
    const headers = { ...old, "x-pausepoint-signature": "sha256=0" };
    const tolerance = /^toleranceSeconds must be a finite number of 0 or more; this is /;
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, -1, "5m", "300", null, {}, 5n])
      for (const scheme of SCHEMES)
        await wronglyCalled(check(headers, { scheme, toleranceSeconds: wrong as number }), tolerance);
    for (const wrong of [new Date("x"), Number.NaN, 5, "2026-05-08", null, { getTime: () => 0 }])
      for (const scheme of SCHEMES)
        await wronglyCalled(check(headers, { scheme, now: wrong as Date }), /^now must be a valid Date; this is /);
    for (const wrong of ["foo", "", "toString", "__proto__", null, 5, ["standard"]]) {
      const scheme = wrong as SignatureScheme;
      const allowed = /^scheme must be one of standard, pacspace, plain, pausepoint; this is /;
      await wronglyCalled(check(headers, { scheme }), allowed);
    }
    await check(old, { now: new Date(0), toleranceSeconds: 0 });
    await check(old, { now: runInNewContext("new Date(0)") });
  });

  it("accepts the raw body only as text, bytes or a buffer", async () => {
    const headers = await signed();
    await check(headers, { body: Buffer.from(BODY) });
    await check(headers, { body: new TextEncoder().encode(BODY).buffer });
    await check(headers, { body: Buffer.from(`xx${BODY}`).subarray(2) });
    await check(headers, { body: runInNewContext("new Uint8Array(bytes)", { bytes: [...Buffer.from(BODY)] }) });
    await refused(check(headers, { body: JSON.parse(BODY) }), "invalid_body");
  });

  it("allows exactly 300 s in either direction, in schemes with a timestamp", async () => {
    for (const format of SCHEMES) {
      const headers = await onlyHeadersOf(format);
      const at = (seconds: number) => check(headers, { now: new Date(NOW.getTime() + seconds * 1000) });
      await at(300);
      await at(-300);
      if (format === "pausepoint") {
        await at(1_000_000);
        continue;
      }
      await refused(at(301), "timestamp_too_old");
      await refused(at(-301), "timestamp_too_new");
    }
    const late = new Date(NOW.getTime() + 10_000);
    await refused(check(await signed(), { now: late, toleranceSeconds: 5 }), "timestamp_too_old");
  });

  it("reports missing, malformed and repeated headers", async () => {
    const headers = await signed();
    await refused(check({}), "missing_headers");
    await refused(check({ ...headers, "webhook-id": undefined }), "missing_headers");
    await refused(check({ ...headers, "webhook-timestamp": "" }), "missing_headers");
    await refused(check({ ...headers, "webhook-timestamp": "1e9" }), "malformed_headers");
    await refused(check({ ...headers, "webhook-timestamp": "-5" }), "malformed_headers");
    await refused(check({ ...headers, "webhook-id": ["a", "b"] }), "malformed_headers");
    await refused(check({ ...headers, "Webhook-Id": "evt_other" }), "malformed_headers");
  });

  it("protects the id and the timestamp as well as the body", async () => {
    const headers = await signed();
    await refused(check({ ...headers, "webhook-id": "evt_other" }), "signature_mismatch");
    const later = String(Number(headers["webhook-timestamp"]) + 1);
    await refused(check({ ...headers, "webhook-timestamp": later }), "signature_mismatch");
  });

  it("accepts one valid signature among several, and one matching secret among several", async () => {
    const headers = await signed();
    const several = { ...headers, "webhook-signature": `v1,AAAA v2,x ${headers["webhook-signature"]}` };
    await check(several);
    await check(headers, { secret: ["another secret of 16", SECRET] });
    await refused(check(headers, { secret: ["another secret of 16"] }), "signature_mismatch");
  });

  it("verifies only the first scheme that is present, or the requested one", async () => {
    const headers = await signed({ format: "pausepoint" });
    const forged = { ...headers, "webhook-signature": "v1,AAAA" };
    await refused(check(forged), "signature_mismatch");
    await check(forged, { scheme: "pausepoint" });
    await refused(check(await onlyHeadersOf("pausepoint"), { scheme: "standard" }), "missing_headers");
  });

  it("refuses an empty secret and a body that is not a JSON object in UTF-8", async () => {
    await refused(check(await signed(), { secret: "" }), "invalid_secret");
    await refused(check(await signed(), { secret: [] }), "invalid_secret");
    const gap = new Array(1);
    for (const secret of [undefined, null, 5, {}, gap, [SECRET, undefined], [SECRET, ""]]) {
      const headers = await onlyHeadersOf("pausepoint");
      await refused(check(headers, { secret: secret as string }), "invalid_secret");
    }
    for (const body of ["[]", "nope", "", "null", Buffer.from([0x7b, 0xff, 0x7d]), '\ufeff{"a":1}']) {
      await refused(check(await signed({ body }), { body }), "invalid_body");
    }
  });
});

describe("sign", () => {
  it("creates headers that another verifier accepts", async () => {
    const headers = await sign({ secret: SECRET, body: BODY });
    assert.deepEqual(new Webhook(SECRET).verify(BODY, headers), JSON.parse(BODY));
  });

  it("refuses an invalid secret, and a body that is a parsed value", async () => {
    for (const secret of ["", undefined, null, 5, {}, [SECRET]]) {
      await assert.rejects(sign({ secret: secret as string, body: BODY }), {
        name: "TypeError",
        message: /^The secret must be a non-empty string; /,
      });
    }
    for (const body of [undefined, null, 5, { a: 1 }, [1]]) {
      const expected = { name: "TypeError", message: /^The body must be the text or bytes/ };
      await assert.rejects(sign({ secret: SECRET, body: body as unknown as string }), expected);
    }
  });

  it("refuses options that would produce invalid headers", async () => {
    const wrong = (more: object, message: RegExp) => wronglyCalled(signed(more), message);
    for (const format of ["github", "", null, "constructor"])
      await wrong({ format }, /^format must be one of standard, pacspace, plain, pausepoint; this is /);
    for (const timestamp of [new Date("x"), 5, "2026-05-08", null])
      await wrong({ timestamp }, /^timestamp must be a valid Date; this is /);
    for (const text of ["", null, 5]) {
      await wrong({ id: text }, /^id must be a non-empty string/);
      await wrong({ type: text }, /^type must be a non-empty string/);
      await wrong({ deliveryId: text }, /^deliveryId must be a non-empty string/);
    }
    for (const attempt of [Number.NaN, "1", null]) await wrong({ attempt }, /^attempt must be a finite number/);
  });
});
