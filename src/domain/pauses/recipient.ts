/**
 * The form of a recipient's address in each channel. Whether the address exists only shows when a notification is sent.
 */

import { parseWebUrl } from "../endpoints/web-url.ts";
import { EMAIL_CHARS_MAX, EMAIL_LOCAL_CHARS_MAX, ENDPOINT_URL_CHARS_MAX } from "../limits.ts";
import type { Channel } from "./pause.ts";

/** RFC 5321 `Dot-string` with the letters of RFC 6531. Quoted local parts are not used in practice. */
const LOCAL_PART = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const DOMAIN = /^(?!-)[\p{L}\p{M}\p{N}-]{1,63}(?<!-)(\.(?!-)[\p{L}\p{M}\p{N}-]{1,63}(?<!-))*$/u;
/** ITU-T E.164: a plus sign, a country code, at most 15 digits in all. */
const E164 = /^\+[1-9]\d{6,14}$/;

const RULES: Readonly<Record<Channel, { readonly holds: (address: string) => boolean; readonly rule: string }>> = {
  email: { holds: isEmailAddress, rule: "must be an email address such as ana@example.com" },
  slack: {
    holds: isWebUrl,
    rule: "must be the URL of a Slack incoming webhook such as https://hooks.slack.com/services/…",
  },
  sms: { holds: (address) => E164.test(address), rule: "must be an E.164 number such as +15551234567" },
};

/**
 * The rule that an address breaks, or null when its form is valid.
 *
 * The rule is worded to follow the field's name, as in "recipient must be an E.164 number", and contains no part of the
 * address. For Slack, only the form of the URL is checked here. The sender decides which hosts it may connect to.
 */
export function recipientFault(channel: Channel, address: string): string | null {
  const { holds, rule } = RULES[channel];
  return holds(address) ? null : rule;
}

function isEmailAddress(text: string): boolean {
  const at = text.lastIndexOf("@");
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || text.length > EMAIL_CHARS_MAX || local.length > EMAIL_LOCAL_CHARS_MAX) return false;
  return LOCAL_PART.test(local) && DOMAIN.test(domain);
}

function isWebUrl(text: string): boolean {
  return text.length <= ENDPOINT_URL_CHARS_MAX && parseWebUrl(text) !== null;
}
