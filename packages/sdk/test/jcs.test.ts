import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { runInNewContext } from "node:vm";
import canonicalize from "canonicalize";
import fc from "fast-check";
import { anyCharacter } from "../../../test/fixtures/any-character.ts";
import { canonical, checkText } from "../src/signing/canonical.ts";
import { signJcs } from "../src/signing/jcs.ts";

const VECTORS = new URL("../vectors/", import.meta.url);

function vectors<Vector>(name: string): readonly Vector[] {
  return JSON.parse(readFileSync(new URL(name, VECTORS), "utf8")).vectors;
}

interface SignedVector {
  readonly name: string;
  readonly secret: string;
  readonly text: string;
  readonly canonical: string;
  readonly signature: string;
  readonly signed: string;
}

const SIGNED = vectors<SignedVector>("jcs-signed.json");
const NUMBERS = vectors<{ readonly text: string; readonly canonical: string }>("jcs-numbers.json");
const REFUSED = vectors<{ readonly name: string; readonly text: string }>("jcs-refused.json");
const HAS_PYTHON = spawnSync("python3", ["--version"]).status === 0;

describe("the vectors of bodies that contain their signature", () => {
  it("match the results of canonicalize and node:crypto", () => {
    for (const { name, secret, text, canonical: expected, signature, signed } of SIGNED) {
      const { signature: _, ...rest } = JSON.parse(text);
      assert.equal(canonicalize(rest), expected, name);
      assert.equal(signature, `sha256=${createHmac("sha256", secret).update(expected).digest("hex")}`, name);
      assert.deepEqual(JSON.parse(signed), JSON.parse(canonicalize({ ...rest, signature }) ?? ""), name);
    }
    for (const { text, canonical: expected } of NUMBERS) assert.equal(canonicalize(JSON.parse(text)), expected, text);
  });

  it("match the result of signJcs for a text and for its value", async () => {
    for (const { name, secret, text, signed } of SIGNED) {
      assert.equal(await signJcs(text, secret), signed, name);
      assert.equal(await signJcs(JSON.parse(text), secret), signed, name);
      assert.equal(await signJcs(signed, secret), signed, `${name}, again`);
    }
    for (const { text, canonical: expected } of NUMBERS) {
      checkText(text);
      assert.equal(canonical(JSON.parse(text)), expected, text);
    }
  });

  it("are refused if canonical form would change their meaning", async () => {
    for (const { name, text } of REFUSED) await assert.rejects(signJcs(text, "a secret"), TypeError, name);
  });

  const python = HAS_PYTHON ? "are what Python makes of them" : "are not checked by Python: there is no python3 here";
  it(python, { skip: !HAS_PYTHON }, async () => {
    const { stdout } = await promisify(execFile)("python3", [fileURLToPath(new URL("check.py", VECTORS))]);
    assert.equal(stdout.trim(), `${SIGNED.length + NUMBERS.length + REFUSED.length} vectors checked`);
  });
});

describe("signJcs", () => {
  it("writes any value in the same way as canonicalize", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: anyCharacter }), (value) => {
        assert.equal(canonical(value), canonicalize(value));
        checkText(JSON.stringify(value));
      }),
    );
  });

  it("signs a value as JSON.stringify writes it", async () => {
    const rawJson = (JSON as unknown as { rawJSON?: (text: string) => unknown }).rawJSON ?? (() => 1);
    const gaps = new Array(2).concat([1]);
    const odd = fc.constantFrom<unknown>(
      new Date(0),
      new Date(Number.NaN),
      new Number(5),
      new String("x"),
      new Boolean(false),
      runInNewContext("new Number(7)"),
      undefined,
      () => 1,
      Symbol("s"),
      gaps,
      new Map([[1, 2]]),
      new Uint8Array(2),
      Object.assign(() => 1, { toJSON: () => "called" }),
      { toJSON: (key: string) => `under ${key}` },
      { toJSON: () => ({ toJSON: () => "not asked", a: 1 }) },
      { toJSON: undefined },
      rawJson("12.50"),
      -0,
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        odd,
        fc.jsonValue(),
        fc.array(tie("value")),
        fc.dictionary(fc.string(), tie("value")),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), value), async (body) => {
        const { signature: _, ...sent } = JSON.parse(JSON.stringify(body));
        const { signature, ...signed } = JSON.parse(await signJcs(body, "s"));
        assert.deepEqual(signed, sent);
        assert.equal(
          signature,
          `sha256=${createHmac("sha256", "s")
            .update(canonicalize(sent) ?? "")
            .digest("hex")}`,
        );
      }),
    );
    assert.match(await signJcs({ toJSON: () => ({ a: 1 }) }, "s"), /^\{"a":1,"signature"/);
  });

  it("refuses values that have no canonical form", async () => {
    const circle: Record<string, unknown> = {};
    circle.circle = circle;
    const deep = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`);
    const values: unknown[] = [
      { a: Number.NaN },
      { a: new Number(Number.NaN) },
      { a: [Number.NEGATIVE_INFINITY] },
      { a: 1n },
      { a: Object(1n) },
      { a: "\ud800" },
      { "\ud800": 1 },
      deep(65),
      deep(100_000),
      circle,
      [],
      () => 1,
      undefined,
      null,
      5,
      new String("{}"),
      Buffer.from("{}"),
      new TextEncoder().encode("{}"),
      new ArrayBuffer(2),
      new Map([["a", 1]]),
      new Set(["a"]),
      Promise.resolve({ a: 1 }),
    ];
    for (const value of values) await assert.rejects(signJcs(value as object, "s"), { name: "TypeError" });
    await signJcs(deep(64), "s");
  });

  it("requires a secret", async () => {
    for (const secret of ["", undefined, null, 5, {}, ["s"], new String("s")]) {
      await assert.rejects(signJcs({}, secret as string), {
        name: "TypeError",
        message: /^The secret must be a non-empty string; /,
      });
    }
  });
});
