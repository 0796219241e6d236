/** Whether a JSON number keeps its value in canonical form (RFC 8785), which has as many digits as a double needs. */

/** A double reproduces every decimal number of up to this length that has no exponent. */
const SAFE_CHARS = 15;
const EXPONENT = /[eE]/;

/**
 * Compares the decimal values exactly. `0.1000000000000000055` is the same double as `0.1`, but not the same number, and
 * canonical form would drop digits that the sender signed.
 *
 * @param text a JSON number
 */
export function keepsValue(text: string): boolean {
  if (text.length <= SAFE_CHARS && !EXPONENT.test(text)) return true;
  const value = Number(text);
  if (!Number.isFinite(value)) return false;
  const canonical = String(value);
  if (canonical === text) return true;
  const [meant, kept] = [decimal(text), decimal(canonical)];
  return meant.digits === kept.digits && meant.exponent === kept.exponent && meant.isNegative === kept.isNegative;
}

/** The value is ±digits × 10^exponent. The digits neither begin nor end with a zero. */
interface Decimal {
  readonly isNegative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

const ZERO: Decimal = { isNegative: false, digits: "", exponent: 0 };
const ZERO_DIGIT = 0x30;

function decimal(text: string): Decimal {
  const isNegative = text.startsWith("-");
  const [mantissa = "", power = "0"] = (isNegative ? text.slice(1) : text).split(EXPONENT);
  const [whole = "", fraction = ""] = mantissa.split(".");
  const all = whole + fraction;
  let start = 0;
  let end = all.length;
  while (all.charCodeAt(start) === ZERO_DIGIT) start++;
  if (start === end) return ZERO;
  while (all.charCodeAt(end - 1) === ZERO_DIGIT) end--;
  const exponent = Number(power) - fraction.length + (all.length - end);
  return { isNegative, digits: all.slice(start, end), exponent };
}
