/** Parses JSON so that printing it again does not change its numbers. */

/** TypeScript's declarations lack both: https://github.com/tc39/proposal-json-parse-with-source */
const { rawJSON, parse } = JSON as unknown as {
  rawJSON(text: string): object;
  parse(
    text: string,
    reviver: (key: string, value: unknown, context?: { readonly source?: string }) => unknown,
  ): unknown;
};

/** A value that `JSON.stringify` prints as this text. */
export function exactNumber(text: string): object {
  return rawJSON(text);
}

/**
 * As `JSON.parse`, but a number that JavaScript prints in another way is an {@link exactNumber}: 1.0, 1e3 or 2^53 + 1. In a
 * browser that tells no `source`, a number is rounded.
 */
export function parseExactly(text: string): unknown {
  return parse(text, (_key, value, { source } = {}) =>
    typeof value === "number" && source !== undefined && String(value) !== source ? exactNumber(source) : value,
  );
}
