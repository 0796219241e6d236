import assert from "node:assert/strict";
import { test } from "node:test";
import type { Uuid } from "../../domain/ids.ts";
import { SCHEMES, type Source } from "../../domain/inbound/source.ts";
import { parseCreateSource, parsePatchSource, parseRotateSource, sourceJson } from "./source-wire.ts";

const WHSEC = `whsec_${Buffer.alloc(24).toString("base64")}`;

/** The faults of a body that creates a source. */
function faults(body: unknown): string[] {
  const parsed = parseCreateSource(body);
  return parsed.kind === "ok" ? [] : parsed.faults.map(({ field, rule }) => `${field} ${rule}`);
}

function settings(body: unknown) {
  const parsed = parseCreateSource(body);
  return parsed.kind === "ok" ? parsed.value.settings : assert.fail(JSON.stringify(parsed.faults));
}

test("a name and a scheme are enough, except for the schemes with options", () => {
  for (const scheme of SCHEMES) {
    const missing = faults({ name: "a", scheme }).map((fault) => fault.split(" ")[0]);
    assert.deepEqual(missing, scheme === "hmac" || scheme === "basic" ? [scheme] : [], scheme);
  }
  assert.deepEqual(settings({ name: "a", scheme: "github" }), {
    name: "a",
    scheme: "github",
    eventType: { place: null, prefix: "", fallback: null },
    hmac: null,
    basic: null,
  });
});

test("the scheme is required and has no default", () => {
  assert.match(faults({ name: "a" }).join(), /^scheme is required and must be one of "github", /);
  assert.match(faults({ name: "a", scheme: null }).join(), /^scheme must be one of/);
});

test("the defaults of hmac are SHA-256 in hexadecimal over the body, and over the timestamp if there is one", () => {
  assert.deepEqual(settings({ name: "a", scheme: "hmac", hmac: { header: "X-Sig" } }).hmac, {
    header: "X-Sig",
    algorithm: "sha256",
    encoding: "hex",
    prefix: "",
    timestampHeader: null,
    toleranceSeconds: 300,
    template: "{body}",
    deliveryId: null,
  });
  const stamped = { header: "X-Sig", timestamp_header: "X-Time", delivery_id: { pointer: "/id" } };
  const { template, deliveryId } = settings({ name: "a", scheme: "hmac", hmac: stamped }).hmac ?? assert.fail();
  assert.deepEqual([template, deliveryId], ["{timestamp}.{body}", { from: "pointer", pointer: "/id" }]);
});

test("null is the same as leaving a field out, so that a response can be sent back", () => {
  const body = {
    name: "a",
    scheme: "hmac",
    event_type: { header: null, pointer: "/type", prefix: "x.", fallback: null },
    hmac: { header: "X-Sig", timestamp_header: null, delivery_id: null },
    basic: null,
  };
  assert.deepEqual(settings(body).eventType, {
    place: { from: "pointer", pointer: "/type" },
    prefix: "x.",
    fallback: null,
  });
});

test("one response lists every fault, of the schema and of the rules across fields", () => {
  const body = {
    nam: "a",
    scheme: "hmac",
    secret: "",
    basic: { username: "a:b" },
    event_type: { header: "X Y", pointer: "type", prefix: "pause.", fallback: "test", prefx: "x" },
    hmac: {
      algorithm: "md5",
      tolerance_seconds: 0,
      template: "{id}.{timestamp}",
      delivery_id: { header: "X-Id", pointer: "/id" },
      heade: "x",
    },
  };
  assert.deepEqual(faults(body), [
    "name is required and must be a string of 1 to 200 characters, at least one of them visible and none a control character",
    "secret must be a string of 1 to 512 characters without control characters",
    "event_type.header must be the name of a header or null",
    "event_type.pointer must be null or a JSON pointer (RFC 6901) such as /type or /data/kind",
    'event_type.prefx is not a field of this request; did you mean "prefix"?',
    "hmac.header is required and must be the name of a header",
    'hmac.algorithm must be one of "sha1", "sha256", "sha512"',
    "hmac.tolerance_seconds must be an integer from 1 to 86400",
    'hmac.heade is not a field of this request; did you mean "header"?',
    "basic.username must be a string of 1 to 200 characters without control characters or colons",
    'nam is not a field of this request; did you mean "name"?',
    'basic is allowed only with the scheme "basic"',
    "event_type must name a header or a pointer, not both",
    "event_type.prefix must not produce a type that Signalbox publishes itself: test, or a type that begins with pause., pause_status. or endpoint.",
    "event_type.fallback must not produce a type that Signalbox publishes itself: test, or a type that begins with pause., pause_status. or endpoint.",
    "hmac.template must contain {body} exactly once",
    "hmac.template contains {timestamp}, which requires a timestamp_header",
    "hmac.template supports {body} and {timestamp}, but not {id}",
    "hmac.delivery_id must name a header or a pointer, not both",
  ]);
});

test("a value of the wrong type is a single fault", () => {
  const common = { name: "a", scheme: "hmac" };
  assert.deepEqual(faults({ ...common, hmac: "x" }), ["hmac must be an object or null"]);
  assert.deepEqual(faults({ ...common, hmac: { header: "a", delivery_id: 3 } }), [
    "hmac.delivery_id must be an object or null",
  ]);
  assert.deepEqual(faults({ ...common, hmac: { header: "a", delivery_id: {} } }), [
    "hmac.delivery_id must name a header or a pointer",
  ]);
  for (const body of [null, [], "x", 3]) assert.deepEqual(faults(body), ["body must be a JSON object"]);
});

test("a timestamp header requires a signed timestamp, since anybody can change what is not signed", () => {
  const hmac = (more: object) => faults({ name: "a", scheme: "hmac", hmac: { header: "X", ...more } });
  assert.deepEqual(hmac({ timestamp_header: "T", template: "{body}" }), [
    "hmac.template must contain {timestamp}, since there is a timestamp_header",
  ]);
  assert.deepEqual(hmac({ template: "{body}{body}" }), ["hmac.template must contain {body} exactly once"]);
  assert.deepEqual(hmac({ timestamp_header: "T", template: "v0:{timestamp}:{body}" }), []);
});

test("options that could never verify a request are refused with the reason", () => {
  const hmac = (more: object) => faults({ name: "a", scheme: "hmac", hmac: { header: "X-Sig", ...more } });
  assert.deepEqual(hmac({ timestamp_header: "x-sig" }), [
    "hmac.timestamp_header must not be the header of the signature",
  ]);
  assert.deepEqual(hmac({ timestamp_header: "X-Time", delivery_id: { header: "x-time" } }), [
    "hmac.delivery_id.header must not be the timestamp_header, since requests of the same second would count as repeats",
  ]);
  assert.deepEqual(hmac({ delivery_id: { header: "X-Sig" } }), [], "the same content has the same signature");
  for (const prefix of ["é=", "😀", " sha256="]) {
    assert.deepEqual(hmac({ prefix }), [
      "hmac.prefix must be ASCII and must not begin with a space, since a header begins with it",
    ]);
  }
  for (const prefix of ["a\n", "\ud800"]) {
    assert.deepEqual(hmac({ prefix }), [
      "hmac.prefix must be a string of at most 64 characters without control characters",
    ]);
  }
  for (const prefix of ["", "HMAC ", "a b="]) assert.deepEqual(hmac({ prefix }), []);
  for (const template of ["{{body}}", "{body", "v0:{body}}"]) {
    const braces = "hmac.template must have no braces other than those of {body} and {timestamp}";
    assert.ok(hmac({ template }).includes(braces), template);
  }
  assert.equal(hmac({ template: "{body}\ud800" }).length, 1);
  assert.deepEqual(hmac({ tolerance_seconds: 60 }), [], "a response has it, and can be sent back");
});

test("a header of the connection, or one that is not kept, cannot hold a signature, type, timestamp or id", () => {
  const source = { name: "a", scheme: "hmac" };
  const all = (header: string) =>
    faults({
      ...source,
      event_type: { header },
      hmac: { header, timestamp_header: "X-Time", delivery_id: { header } },
    }).concat(faults({ ...source, hmac: { header: "X-Sig", timestamp_header: header } }));
  for (const header of ["Host", "connection", "Content-Length", "transfer-encoding", "Proxy-Authorization", "TE"]) {
    const rule = "must not be a header of the connection";
    assert.deepEqual(all(header), [
      `event_type.header ${rule}`,
      `hmac.header ${rule}`,
      `hmac.delivery_id.header ${rule}`,
      `hmac.timestamp_header ${rule}`,
    ]);
  }
  const rule = "must not be a header with credentials, which the server does not keep";
  const elsewhere = [`event_type.header ${rule}`, `hmac.delivery_id.header ${rule}`, `hmac.timestamp_header ${rule}`];
  for (const header of ["Authorization", "X-Api-Key", "X-Gitlab-Token"])
    assert.deepEqual(all(header), elsewhere, header);
  assert.deepEqual(all("Cookie").toSpliced(1, 1), elsewhere);
  for (const header of ["I-Twilio-Idempotency-Token", "X-Author"]) assert.deepEqual(all(header), [], header);
});

test("a name must be visible, and a user name must not contain a colon", () => {
  for (const name of [" ", "\u00a0", "\u200b", "", "\n", "a\tb", "a\u0000", "\udc00", "x".repeat(201)]) {
    assert.deepEqual(faults({ name, scheme: "none" }), [
      "name must be a string of 1 to 200 characters, at least one of them visible and none a control character",
    ]);
  }
  assert.deepEqual(faults({ name: "😀".repeat(200), scheme: "none" }), []);
  for (const username of ["a:b", ":", "a\u0000", "a\r", "\ud800"]) {
    assert.deepEqual(faults({ name: "a", scheme: "basic", basic: { username } }), [
      "basic.username must be a string of 1 to 200 characters without control characters or colons",
    ]);
  }
});

test("the scheme decides what a secret may be", () => {
  assert.match(faults({ name: "a", scheme: "none", secret: "x" }).join(), /^secret must be left out/);
  for (const secret of ["x", "whsec_x", "whsec_", Buffer.alloc(24).toString("base64")]) {
    assert.match(
      faults({ name: "a", scheme: "standard-webhooks", secret }).join(),
      /^secret must be whsec_ followed by base64/,
    );
    assert.deepEqual(faults({ name: "a", scheme: "stripe", secret }), []);
  }
  assert.deepEqual(faults({ name: "a", scheme: "standard-webhooks", secret: WHSEC }), []);
});

test("a prefix may be `test`, since only the whole type is reserved", () => {
  assert.deepEqual(faults({ name: "a", scheme: "github", event_type: { prefix: "test", fallback: "test.a" } }), []);
});

test("a patch changes only the given fields, and never the scheme", () => {
  const of = (body: unknown, scheme: Source["scheme"] = "github") => {
    const parsed = parsePatchSource(body, scheme);
    return parsed.kind === "ok" ? parsed.value : parsed.faults.map(({ field, rule }) => `${field} ${rule}`);
  };
  assert.deepEqual(of({}), { settings: {} });
  assert.deepEqual(of({ name: "b", scheme: "github", secret: "s" }), { settings: { name: "b" }, secret: "s" });
  assert.deepEqual(of({ scheme: "none" }), [
    'scheme cannot change from "github", since the server could no longer verify earlier requests; create another source',
  ]);
  assert.deepEqual(of({ scheme: "x" }).toString().split(" ")[0], "scheme");
  assert.deepEqual(of({ hmac: { header: "X" } }), ['hmac is allowed only with the scheme "hmac"']);
  assert.deepEqual(of({ hmac: null, basic: null }), { settings: {} });
  assert.match(of({ name: " " }).toString(), /^name must be /);
  assert.deepEqual(of({ event_type: { header: "Host" } }), [
    "event_type.header must not be a header of the connection",
  ]);
  assert.deepEqual(of({ hmac: { header: "X", prefix: " a", timestamp_header: "x" } }, "hmac"), [
    "hmac.timestamp_header must not be the header of the signature",
    "hmac.prefix must be ASCII and must not begin with a space, since a header begins with it",
  ]);
  assert.match(String(of({ hmac: null }, "hmac")), /^hmac is required with the scheme "hmac"/);
  assert.deepEqual(of({ basic: { username: "b" } }, "basic"), { settings: { basic: { username: "b" } } });
  assert.match(String(of({ secret: "x" }, "none")), /^secret must be left out/);
});

test("a rotation accepts a secret for the source's scheme", () => {
  assert.deepEqual(parseRotateSource({}, "github"), { kind: "ok", value: { secret: null, overlapSeconds: 86_400 } });
  assert.deepEqual(parseRotateSource({ secret: WHSEC, overlap_seconds: 0 }, "standard-webhooks"), {
    kind: "ok",
    value: { secret: WHSEC, overlapSeconds: 0 },
  });
  const parsed = parseRotateSource({ secret: "x", overlap_seconds: -1, overlap: 1 }, "standard-webhooks");
  assert.deepEqual(parsed.kind === "faults" && parsed.faults.map(({ field }) => field), [
    "overlap_seconds",
    "overlap",
    "secret",
  ]);
});

test("a response has no secret, and shows the previous one only until it expires", () => {
  const source: Source = {
    ...settings({ name: "a", scheme: "jcs" }),
    seq: 1,
    id: "01900000-0000-7000-8000-000000000000" as Uuid,
    tenantSeq: 1,
    tenantId: "01900000-0000-7000-8000-000000000001" as Uuid,
    secret: "s3cret",
    previousSecret: { secret: "0ld", until: 5000 },
    createdAt: 0,
    updatedAt: 0,
  };
  const shown = (now: number) => sourceJson(source, { publicUrl: "https://a.example/b", now });
  assert.doesNotMatch(JSON.stringify(shown(0)), /s3cret|0ld/);
  assert.deepEqual([shown(4999).previous_expires_at, shown(5000).previous_expires_at], ["1970-01-01T00:00:05Z", null]);
  assert.equal(shown(0).url, `https://a.example/b/in/src_${source.id}`);
  assert.equal(shown(0).pause_status_url, "https://a.example/b/api/v1/webhooks/pause-status");
  assert.equal(sourceJson({ ...source, scheme: "none" }, { publicUrl: "", now: 0 }).pause_status_url, null);
});
