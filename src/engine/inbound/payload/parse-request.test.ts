import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { anyCharacter } from "../../../../test/fixtures/any-character.ts";
import { BODY, hmacSettings, requestOf, settingsOf } from "../../../../test/fixtures/inbound-requests.ts";
import { isEventType, isReservedEventType } from "../../../domain/delivery/event.ts";
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import {
  type EventTypeRule,
  SCHEMES,
  type Scheme,
  type SourceSettings,
  type ValuePlace,
} from "../../../domain/inbound/source.ts";
import { EVENT_TYPE_CHARS_MAX, JSON_DEPTH_MAX } from "../../../domain/limits.ts";
import { scanObject, sourceAt } from "../../../domain/text/json.ts";
import { parseRequest } from "./parse-request.ts";
import { pointerSteps, valueAt } from "./pointers.ts";

const FORM = { "content-type": "application/x-www-form-urlencoded" };

function typeOf(scheme: Scheme, headers: object, body = "{}"): string {
  return parseRequest(settingsOf(scheme), requestOf(headers, body)).eventType;
}

function idOf(settings: SourceSettings, headers: object, body = "{}"): string | null {
  return parseRequest(settings, requestOf(headers, body)).deliveryId;
}

function payloadOf(body: string | Uint8Array, headers: object = {}, scheme: Scheme = "none"): string {
  return parseRequest(settingsOf(scheme), requestOf(headers, body)).payload;
}

function ruled(rule: Partial<EventTypeRule>): SourceSettings {
  return settingsOf("none", { eventType: { place: null, prefix: "", fallback: null, ...rule } });
}

const pointer = (text: string): ValuePlace => ({ from: "pointer", pointer: text });

describe("the type of the event", () => {
  it("is found where the scheme's senders put it", () => {
    assert.equal(typeOf("github", { "X-GitHub-Event": "pull_request" }), "pull_request");
    assert.equal(typeOf("stripe", {}, '{"id":"evt_1","type":"invoice.paid"}'), "invoice.paid");
    assert.equal(typeOf("slack", {}, '{"type":"event_callback","event":{"type":"app_mention"}}'), "app_mention");
    assert.equal(typeOf("slack", {}, '{"type":"app_rate_limited"}'), "app_rate_limited");
    assert.equal(typeOf("slack", FORM, "token=x&command=%2Fdeploy&text=now"), "slash_command");
    assert.equal(typeOf("slack", FORM, `payload=${encodeURIComponent('{"type":"block_actions"}')}`), "block_actions");
    assert.equal(typeOf("shopify", { "X-Shopify-Topic": "orders/create" }), "orders.create");
    assert.equal(typeOf("standard-webhooks", {}, '{"type":"user.created","data":{}}'), "user.created");
    assert.equal(typeOf("pacspace", { "X-Webhook-Event": "b" }, '{"event":"a.a","data":{}}'), "a.a");
    assert.equal(typeOf("pacspace", { "X-Webhook-Event": "b" }, "[]"), "b");
    assert.equal(typeOf("jcs", {}, BODY), "member.status.changed");
  });

  it("is the scheme's fallback when there is no value", () => {
    const fallbacks = SCHEMES.map((scheme) => typeOf(scheme, {}, "no JSON"));
    assert.deepEqual(
      new Map(SCHEMES.map((scheme, index) => [scheme, fallbacks[index]])),
      new Map([
        ["github", "github.received"],
        ["stripe", "stripe.received"],
        ["slack", "slack.received"],
        ["shopify", "shopify.received"],
        ["twilio", "twilio.received"],
        ["standard-webhooks", "standard-webhooks.received"],
        ["pausepoint", "pausepoint.received"],
        ["pacspace", "pacspace.received"],
        ["hmac", "inbound.received"],
        ["jcs", "inbound.received"],
        ["basic", "inbound.received"],
        ["none", "inbound.received"],
      ]),
    );
  });

  it("is found where the source's rule says, and only there", () => {
    const request = requestOf({ "X-Kind": "moved" }, '{"kind":["made",7,true,null,{}],"type":"other"}');
    const found = (rule: Partial<EventTypeRule>): string => parseRequest(ruled(rule), request).eventType;
    assert.equal(found({ place: { from: "header", name: "x-KIND" }, prefix: "crm." }), "crm.moved");
    assert.equal(found({ place: pointer("/kind/0") }), "made");
    assert.equal(found({ place: pointer("/kind/1"), prefix: "v" }), "v7");
    assert.equal(found({ place: pointer("/kind/2") }), "true");
    for (const nothing of ["/kind/3", "/kind/4", "/kind/5", "/kind/-", "/kind", "", "/nothing", "kind"]) {
      assert.equal(found({ place: pointer(nothing), prefix: "crm.", fallback: "crm.other" }), "crm.other", nothing);
    }
    assert.equal(found({ place: pointer("/nothing") }), "inbound.received");
    assert.equal(found({ fallback: "mine" }), "mine");
  });

  it("may be a parameter of a form", () => {
    const request = requestOf(FORM, "EventType=onMessageAdded&a=1&a=2");
    assert.equal(parseRequest(ruled({ place: pointer("/EventType") }), request).eventType, "onMessageAdded");
    assert.equal(parseRequest(ruled({ place: pointer("/a/1") }), request).eventType, "2");
  });

  it("is never a type that is reserved for Signalbox", () => {
    const named = (type: string): string => typeOf("github", { "X-GitHub-Event": type });
    assert.equal(named("test"), "inbound.test");
    assert.equal(named("pause.responded"), "inbound.pause.responded");
    assert.equal(named("pause/responded"), "inbound.pause.responded");
    assert.equal(named("pause_status.activated"), "inbound.pause_status.activated");
    assert.equal(named("endpoint.disabled"), "inbound.endpoint.disabled");
    assert.equal(named("tests"), "tests");
  });

  it("is a valid type for any value", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: anyCharacter, maxLength: 300 }),
        fc.constantFrom("", "pause.", "a"),
        (kind, prefix) => {
          const settings = ruled({ place: pointer("/kind"), prefix });
          const { eventType } = parseRequest(settings, requestOf({}, JSON.stringify({ kind })));
          assert.ok(isEventType(eventType) && !isReservedEventType(eventType), eventType);
        },
      ),
    );
    assert.equal(typeOf("stripe", {}, `{"type":"pause.${"a".repeat(200)}"}`).length, EVENT_TYPE_CHARS_MAX);
    assert.equal(typeOf("stripe", {}, '{"type":"a 😀é"}'), "a...");
  });
});

describe("a pointer", () => {
  it("finds the values of RFC 6901, section 5", () => {
    const source = '{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\\\j":5,"k\\"l":6," ":7,"m~n":8}';
    const body = { source, value: JSON.parse(source) };
    const at = (text: string): string | null => valueAt(pointer(text), requestOf({}), body);
    const expected = { "/foo/0": "bar", "/": "0", "/a~1b": "1", "/c%d": "2", "/e^f": "3", "/g|h": "4", "/i\\j": "5" };
    for (const [text, found] of Object.entries({ ...expected, '/k"l': "6", "/ ": "7", "/m~0n": "8" })) {
      assert.equal(at(text), found, text);
    }
    for (const text of [
      "/foo/00",
      "/foo/2",
      "/foo/length",
      "/toString",
      "/constructor/name",
      "/foo/0/0",
      "/~",
      "/~2",
    ]) {
      assert.equal(at(text), null, text);
    }
  });

  it("finds a number as it is spelled, at any depth, even when a double would change it", () => {
    const numbers = [
      "1142837465910283741",
      "1142837465910283742",
      "1.0",
      "1",
      "1e400",
      "-0",
      "0.1000000000000000055",
      "1E+2",
    ];
    for (const number of numbers) {
      const bodies: readonly (readonly [string, string])[] = [
        [`{"id":${number}}`, "/id"],
        [`\r\n { "a" : [ {}, [ "]", {"b\\u0061" : ${number} } ] ] , "z":1 }`, "/a/1/1/ba"],
        [`{"a":{"id":"first","id":0,"id" : ${number}\n}}`, "/a/id"],
        [` [[],${number}\t]`, "/1"],
        [`\uFEFF ${number} `, ""],
        [`{"__proto__":{"constructor":${number}}}`, "/__proto__/constructor"],
      ];
      for (const [body, place] of bodies) {
        const settings = hmacSettings({ deliveryId: pointer(place) });
        assert.equal(idOf(settings, {}, body), number, body);
      }
      assert.equal(
        parseRequest(ruled({ place: pointer("/id") }), requestOf({}, `{"id":${number}}`)).eventType,
        number.replace("+", "."),
      );
    }
  });

  it("finds the value that JSON.parse finds", () => {
    const found = fc.jsonValue({ stringUnit: anyCharacter }).map((value) => ({ value, gap: 1 }));
    fc.assert(
      fc.property(found, fc.integer({ min: 0, max: 9 }), (object, gap) => {
        const text = JSON.stringify(object, null, gap);
        assert.deepEqual(JSON.parse(sourceAt(text, ["value"]) ?? ""), JSON.parse(text).value);
        assert.equal(sourceAt(text, ["gap"]), "1");
        assert.equal(sourceAt(text, ["other"]), null);
      }),
    );
  });

  it("unescapes ~01 to ~1 and not to a slash", () => {
    assert.deepEqual(pointerSteps("/~01/~10"), ["~1", "/0"]);
    assert.equal(pointerSteps("a"), null);
    assert.deepEqual(pointerSteps(""), []);
  });
});

describe("the payload", () => {
  it("is the body's own bytes when it is an object", () => {
    const body = ' {"b": 1.0, "a":12345678901234567890,"__proto__":{}}\n';
    assert.equal(payloadOf(body), body);
    assert.equal(payloadOf(`\uFEFF${body}`), body);
    assert.equal(payloadOf('{"a":1}', FORM), '{"a":1}', "simple clients label everything as a form");
  });

  it("contains any other JSON, as it is spelled", () => {
    assert.equal(payloadOf(" [1.0, {}]\n"), '{"body":[1.0, {}]}');
    for (const body of ["null", "true", '"a"', "1e2"]) assert.equal(payloadOf(body), `{"body":${body}}`);
  });

  it("contains a form's parameters, repeated ones as an array", () => {
    assert.equal(payloadOf("b=1&a=%C3%BC+x&b=2&c", FORM), '{"b":["1","2"],"a":"ü x","c":""}');
    const proto = payloadOf("__proto__=1&constructor=2", FORM);
    assert.deepEqual(Object.entries(JSON.parse(proto)), [
      ["__proto__", "1"],
      ["constructor", "2"],
    ]);
    assert.equal(payloadOf("1=2", { "content-type": "Application/X-WWW-Form-Urlencoded;charset=utf-8" }), '{"1":"2"}');
    assert.equal(payloadOf("12", FORM), '{"12":""}');
    assert.equal(payloadOf('{"a":1}', FORM, "twilio"), '{"{\\"a\\":1}":""}', "the parameters were verified");
  });

  it("contains text, and other bytes in base64", () => {
    assert.equal(payloadOf('hello "you"\n'), '{"body":"hello \\"you\\"\\n"}');
    assert.equal(payloadOf(""), '{"body":""}');
    assert.equal(payloadOf(Uint8Array.of(0xff, 0x00)), '{"body_base64":"/wA="}');
  });

  it("contains as text a body that two readers may read differently, or that is nested too deeply", () => {
    const repeated = '{"a":1,"\\u0061":2}';
    assert.deepEqual(JSON.parse(payloadOf(repeated)), { body: repeated });
    const deep = `${"[".repeat(JSON_DEPTH_MAX)}${"]".repeat(JSON_DEPTH_MAX)}`;
    assert.deepEqual(JSON.parse(payloadOf(deep)), { body: deep });
    assert.deepEqual(JSON.parse(payloadOf(`{"a":${deep}}`)), { body: `{"a":${deep}}` });
    assert.equal(typeOf("stripe", {}, '{"type":"a","type":"b"}'), "stripe.received");
  });

  it("is a JSON object without repeated keys for any body, and loses no byte of it", () => {
    const body = fc.oneof(
      fc.uint8Array(),
      fc.json().map(Buffer.from),
      fc.string({ unit: anyCharacter }).map(Buffer.from),
    );
    fc.assert(
      fc.property(body, fc.constantFrom({}, FORM), fc.constantFrom(...SCHEMES), (bytes, headers, scheme) => {
        const { payload } = parseRequest(settingsOf(scheme), requestOf(headers, bytes));
        JSON.parse(payload);
        assert.equal(scanObject(payload, JSON_DEPTH_MAX).kind, "ok");
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const payload = JSON.parse(payloadOf(bytes));
        if (payload.body_base64 !== undefined)
          assert.deepEqual(Buffer.from(payload.body_base64, "base64"), Buffer.from(bytes));
        else if (typeof payload.body === "string") assert.deepEqual(Buffer.from(payload.body), Buffer.from(bytes));
      }),
    );
  });
});

describe("the sender's ID of the delivery", () => {
  it("is found where the scheme's senders put it", () => {
    const cases: [Scheme, object, string, string][] = [
      [
        "github",
        { "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958" },
        "{}",
        "72d3162e-cc78-11e3-81ab-4c9367dc0958",
      ],
      ["stripe", {}, '{"id":"evt_1"}', "evt_1"],
      ["slack", {}, '{"event_id":"Ev1"}', "Ev1"],
      ["shopify", { "X-Shopify-Webhook-Id": "b54", "X-Shopify-Event-Id": "98" }, "{}", "b54"],
      ["twilio", { "I-Twilio-Idempotency-Token": "t1" }, "", "t1"],
      ["standard-webhooks", { "webhook-id": "msg_1" }, "{}", "msg_1"],
      ["standard-webhooks", { "svix-id": "msg_2", "svix-signature": "v1,a" }, "{}", "msg_2"],
      ["pausepoint", { "webhook-id": "evt_1" }, "{}", "evt_1"],
      ["pacspace", { "webhook-id": "evt_1", "X-Event-ID": "evt_2" }, "{}", "evt_2"],
    ];
    for (const [scheme, headers, body, expected] of cases) {
      assert.equal(idOf(settingsOf(scheme), headers, body), expected, scheme);
      assert.equal(idOf(settingsOf(scheme), {}), null, scheme);
    }
    const hmac = hmacSettings({ deliveryId: pointer("/meta/id") });
    assert.equal(idOf(hmac, {}, '{"meta":{"id":17}}'), "17");
    assert.equal(idOf(hmacSettings(), { "webhook-id": "evt_1" }), null);
  });

  it("is read only from the header that was verified", () => {
    const headers = {
      "webhook-id": "msg_1",
      "webhook-signature": "v1,a",
      "svix-id": "msg_2",
      "svix-signature": "v1,a",
    };
    assert.equal(idOf(settingsOf("standard-webhooks"), headers), "msg_1");
  });

  it("is hashed when it cannot be an idempotency key", () => {
    const long = idOf(settingsOf("stripe"), {}, JSON.stringify({ id: "a".repeat(256) }));
    assert.match(long ?? "", /^sha256:[0-9a-f]{64}$/);
    assert.match(idOf(settingsOf("stripe"), {}, '{"id":"a b"}') ?? "", /^sha256:/);
    assert.equal(idOf(settingsOf("stripe"), {}, JSON.stringify({ id: "a".repeat(255) })), "a".repeat(255));
  });
});

describe("a challenge", () => {
  it("is the one that Slack sends to check the URL", () => {
    const ask = (body: string, scheme: Scheme = "slack"): string | null => {
      const request: InboundRequest = requestOf({}, body);
      return parseRequest(settingsOf(scheme), request).challenge;
    };
    const body = '{"token":"x","challenge":"3eZbrw1a","type":"url_verification"}';
    assert.equal(ask(body), "3eZbrw1a");
    assert.equal(ask(body, "none"), null);
    assert.equal(ask(body.replace("url_verification", "event_callback")), null);
    assert.equal(ask(body.replace('"3eZbrw1a"', "1")), null);
  });
});
