import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import canonicalize from "canonicalize";
import fc from "fast-check";
import { anyCharacter } from "../../../../test/fixtures/any-character.ts";
import { NOW, requestOf, settingsOf } from "../../../../test/fixtures/inbound-requests.ts";
import { JSON_DEPTH_MAX } from "../../../domain/limits.ts";
import { keepsValue } from "../../../domain/text/jcs-decimals.ts";
import { verifyRequest } from "../verify/verify.ts";
import { canonicalBody, contentDigest } from "./jcs.ts";

function vectors<Vector>(name: string): readonly Vector[] {
  const file = new URL(`../../../../packages/sdk/vectors/${name}`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")).vectors;
}

interface SignedVector {
  readonly name: string;
  readonly secret: string;
  readonly text: string;
  readonly canonical: string;
  readonly signature: string;
  readonly signed: string;
}

const read = (text: string) => canonicalBody(Buffer.from(text));
const KIND = { changed_number: "lossy", lone_surrogate: "lossy" } as const;

describe("the canonical form of a body", () => {
  it("matches the SDK's vectors, and their signatures verify", () => {
    for (const { name, secret, text, canonical, signature, signed } of vectors<SignedVector>("jcs-signed.json")) {
      const found = read(text);
      assert.equal(found.kind === "canonical" && found.text, canonical, name);
      assert.deepEqual(read(signed), { kind: "canonical", text: canonical, removed: signature }, name);
      const verification = verifyRequest(settingsOf("jcs"), [secret], requestOf({}, signed), NOW);
      assert.deepEqual(verification, { kind: "verified" }, name);
    }
    for (const { text, canonical } of vectors<{ text: string; canonical: string }>("jcs-numbers.json")) {
      const found = read(`{"a":${text}}`);
      assert.equal(found.kind === "canonical" && found.text, `{"a":${canonical}}`, text);
    }
  });

  it("is refused where the SDK's vectors say so", () => {
    for (const { name, why, text } of vectors<{ name: string; why: string; text: string }>("jcs-refused.json")) {
      assert.equal(read(text).kind, KIND[why as keyof typeof KIND] ?? "unreadable", name);
      const signature = createHmac("sha256", "s").update(text).digest("hex");
      const request = requestOf({}, text.replace(/}$/, `,"signature":"sha256=${signature}"}`));
      const verification = verifyRequest(settingsOf("jcs"), ["s"], request, NOW);
      assert.equal(verification.kind === "rejected" && verification.reason, "body_unreadable", name);
    }
  });

  it("equals the result of canonicalize for any object and any white space", () => {
    const object = fc.dictionary(fc.string({ unit: anyCharacter }), fc.jsonValue({ stringUnit: anyCharacter }), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(object, fc.constantFrom(0, 1, "\t"), (value, indent) => {
        const { signature: _, ...rest } = value;
        const found = read(JSON.stringify(value, null, indent));
        assert.equal(found.kind === "canonical" && found.text, canonicalize(rest));
      }),
    );
  });

  it("is refused beyond the depth of payloads", () => {
    const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
    assert.equal(read(nested(JSON_DEPTH_MAX)).kind, "canonical");
    assert.equal(read(nested(JSON_DEPTH_MAX + 1)).kind, "unreadable");
    assert.equal(read(nested(50_000)).kind, "unreadable");
  });

  it("takes time that grows no faster than the body", () => {
    const hostile = [
      `{"a":"${"\\\\".repeat(130_000)}"}`,
      `{"a":1${"0".repeat(260_000)}}`,
      `{"a":0.${"0".repeat(260_000)}1}`,
      `{"a":1e${"9".repeat(260_000)}}`,
      `{${Array.from({ length: 25_000 }, (_, index) => `"${index}":0`).join()}}`,
      `{"a":[${"1e5,".repeat(60_000)}0]}`,
    ];
    for (const text of hostile) {
      const start = process.hrtime.bigint();
      read(text);
      // A quadratic algorithm takes minutes. The limit is a hundred times what a quiet machine needs.
      assert.ok(process.hrtime.bigint() - start < 2_000_000_000n, text.slice(0, 20));
    }
  });
});

describe("a number keeps its value", () => {
  it("exactly when the shortest digits of its double are the same number", () => {
    const digits = fc.stringMatching(/^[0-9]{1,25}$/);
    const number = fc
      .tuple(fc.constantFrom("", "-"), digits, fc.option(digits), fc.option(fc.integer({ min: -330, max: 330 })))
      .map(([sign, whole, fraction, power]) => {
        const exponent = power === null ? "" : `e${power}`;
        return `${sign}${whole.replace(/^0+(?=\d)/, "")}${fraction === null ? "" : `.${fraction}`}${exponent}`;
      });
    fc.assert(
      fc.property(number, (text) => {
        const value = Number(text);
        const expected = Number.isFinite(value) && sameNumber(text, String(value));
        assert.equal(keepsValue(text), expected, text);
      }),
      { numRuns: 1500 },
    );
  });
});

/** Compares exact fractions. */
function sameNumber(one: string, other: string): boolean {
  const [[a, b], [c, d]] = [fraction(one), fraction(other)];
  return a * d === c * b;
}

function fraction(text: string): [bigint, bigint] {
  const [, sign, whole = "", decimals = "", power = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(text) ?? [];
  const digits = BigInt(whole + decimals) * (sign === "-" ? -1n : 1n);
  const exponent = BigInt(power) - BigInt(decimals.length);
  return exponent < 0n ? [digits, 10n ** -exponent] : [digits * 10n ** exponent, 1n];
}

describe("the digest of a body's content", () => {
  const digest = (text: string) => contentDigest(Buffer.from(text));

  it("does not depend on how the body is written and signed", () => {
    const first = digest('{"a":1.0,"b":{"c":"\\u20ac"},"signature":"x"}');
    assert.equal(digest('{ "b": {"c":"€"}, "a": 1 }'), first);
    assert.match(first, /^[0-9a-f]{64}$/);
    assert.notEqual(digest('{"a":1.1,"b":{"c":"€"}}'), first);
    assert.notEqual(digest('{"a":1,"b":{"c":"€","signature":"x"}}'), first);
  });

  it("covers the raw bytes when the body has no canonical form", () => {
    assert.notEqual(digest('{"a":9007199254740993}'), digest('{"a":9007199254740992}'));
    assert.notEqual(digest('{"a":9007199254740993}'), digest('{"a":9007199254740993 }'));
    assert.notEqual(digest('{"a":1,"a":2}'), digest('{"a":2}'));
    assert.notEqual(digest("[]"), digest("[ ]"));
    assert.notEqual(contentDigest(Uint8Array.of(0xff)), contentDigest(Uint8Array.of(0xfe)));
  });
});
