/** Digits, alone or in groups of three: "5000", "5,000", "5 000", "5_000". */
const WHOLE = /^-?(?:\d+|\d{1,3}(?:[ ,_\u00a0\u202f]\d{3})+)$/;

/**
 * A whole number that a person typed, for a request. What is not one stays text, so that the server says at the field what
 * it should be. JSON has no NaN and no Infinity: they become null, which resets a quota and removes a limit.
 */
export function typedNumber(text: string): number | string {
  const typed = text.trim();
  if (!WHOLE.test(typed)) return typed;
  const value = Number(typed.replaceAll(/[^-\d]/g, ""));
  return Number.isSafeInteger(value) ? value : typed;
}
