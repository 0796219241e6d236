/** Keeps an endpoint's header values, which are often credentials, out of what its receiver sends back. */
import { REDACTED_CHARS_MIN } from "../limits.ts";

const REDACTED = "[redacted]";

/**
 * Replace the values of the endpoint's headers in a response. Some receivers echo the request, and responses are stored
 * without encryption.
 */
export function redactHeaderValues(text: string, headers: Readonly<Record<string, string>>): string {
  let redacted = text;
  for (const value of Object.values(headers)) {
    if (value.length >= REDACTED_CHARS_MIN) redacted = redacted.replaceAll(value, REDACTED);
  }
  return redacted;
}
