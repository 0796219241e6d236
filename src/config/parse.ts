/** Parse the text of one setting. Pure. A fault says what is wrong and how to fix it, and never contains a secret. */
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { KEY_PATTERN, passwordFault } from "../domain/access/access.ts";
import { isTenantName, TENANT_NAME_RULE } from "../domain/access/tenant.ts";
import { parseWebUrl, urlFault } from "../domain/endpoints/web-url.ts";
import { SECRET_CHARS_MAX, SOURCE_NAME_CHARS_MAX } from "../domain/limits.ts";
import { recipientFault } from "../domain/pauses/recipient.ts";
import { findJsonFault, jsonRule } from "../domain/text/json-fault.ts";
import { hasCharacters, isBlank, isPlain } from "../domain/text/text.ts";

export type Parsed<T> = { readonly value: T } | { readonly fault: string };
export type Parse<T> = (text: string) => Parsed<T>;

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** An inbound source that the environment configures. */
export interface InboundSourceSetting {
  readonly source: string;
  readonly secret: string;
}

const MASTER_KEY_BYTES = 32;
/** How many characters of an invalid value a fault shows. */
const SHOWN_CHARS_MAX = 60;
/** How many faults of one list are reported. */
const SHOWN_FAULTS_COUNT_MAX = 20;

const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
const HOSTNAME = /^(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?$/;
const STANDARD_BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The value as a fault shows it. Only for settings that contain no secret. */
function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text);
}

/** A whole number in decimal digits. Both bounds are included. */
export function parseInteger({ min, max }: { readonly min: number; readonly max: number }): Parse<number> {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max
      ? { value }
      : { fault: `must be a whole number from ${min} to ${max}, not ${shown(text)}` };
  };
}

export const parseBoolean: Parse<boolean> = (text) => {
  if (text === "true" || text === "1") return { value: true };
  if (text === "false" || text === "0") return { value: false };
  return { fault: `must be true or false, not ${shown(text)}` };
};

export const parseLogLevel: Parse<LogLevel> = (text) => {
  const value = LOG_LEVELS.find((level) => level === text);
  return value === undefined ? { fault: `must be one of ${LOG_LEVELS.join(", ")}, not ${shown(text)}` } : { value };
};

/** The address or host name to listen on. */
export const parseHost: Parse<string> = (text) =>
  isIP(text) !== 0 || HOSTNAME.test(text)
    ? { value: text }
    : { fault: `must be an address or a host name, such as 127.0.0.1, not ${shown(text)}` };

/** Surrounding white space is removed. */
export const parseTenantName: Parse<string> = (text) =>
  isTenantName(text) ? { value: text.trim() } : { fault: TENANT_NAME_RULE };

export const parsePath: Parse<string> = (text) =>
  text.includes("\0") ? { fault: "must be a path without a NUL character" } : { value: text };

/** A comma-separated list of networks, normalized. A single address becomes a network of one address. */
export const parseNetworks: Parse<readonly string[]> = (text) => {
  const items = text.split(",").map((item) => item.trim());
  const networks = items.map(parseNetwork);
  const wrong = items.filter((_, index) => networks[index] === null);
  if (wrong.length > 0) {
    return {
      fault: `must be a comma-separated list of networks such as 10.0.0.0/8,::1/128; wrong: ${wrong.map(shown).join(", ")}`,
    };
  }
  return { value: networks.filter((network) => network !== null) };
};

function parseNetwork(item: string): string | null {
  const [address = "", prefix, ...rest] = item.split("/");
  const version = isIP(address);
  if (version === 0 || address.includes("%") || rest.length > 0) return null;
  const network = prefix === undefined ? `${address}/${version === 4 ? 32 : 128}` : item;
  if (!/\/\d{1,3}$/.test(network) || !ipaddr.isValidCIDR(network)) return null;
  return network.toLowerCase();
}

/**
 * The base of links, without credentials, query, fragment or trailing slash. A fault does not show it, because it may
 * contain a password.
 */
export const parsePublicUrl: Parse<string> = (text) => {
  if (urlFault(text) === "credentials") return { fault: "must not contain a user name or password" };
  const url = parseWebUrl(text);
  if (url === null) {
    return { fault: "must be a URL that begins with http:// or https://, such as https://hooks.example.com" };
  }
  if (/[?#]/.test(text)) return { fault: "must not contain a query or a fragment" };
  return { value: url.href.replace(/\/+$/, "") };
};

/** Standard base64 of exactly 32 bytes. A fault never shows it. */
export const parseMasterKey: Parse<string> = (text) => {
  const bytes = STANDARD_BASE64.test(text) ? Buffer.from(text, "base64") : null;
  if (bytes === null || bytes.toString("base64").replace(/=+$/, "") !== text.replace(/=+$/, "")) {
    return { fault: "must be standard base64 of 32 bytes; generate it with `openssl rand -base64 32`" };
  }
  return bytes.length === MASTER_KEY_BYTES
    ? { value: bytes.toString("base64") }
    : { fault: `must be base64 of exactly ${MASTER_KEY_BYTES} bytes, not of ${bytes.length}` };
};

export const parseApiKey: Parse<string> = (text) =>
  KEY_PATTERN.test(text)
    ? { value: text }
    : { fault: "must be sb_live_ or sb_test_ followed by 48 lower-case hex digits" };

export const parseEmail: Parse<string> = (text) =>
  recipientFault("email", text) === null
    ? { value: text }
    : { fault: `must be an email address such as ops@example.com, not ${shown(text)}` };

export const parsePassword: Parse<string> = (text) => {
  const fault = passwordFault(text);
  return fault === null ? { value: text } : { fault };
};

/** A sender address as mail clients write it: `ops@example.com` or `Signalbox <ops@example.com>`. */
export const parseMailFrom: Parse<string> = (text) => {
  const address = /^[^<>\r\n]*<([^<>]+)>$/.exec(text)?.[1] ?? text;
  return "value" in parseEmail(address) && !/[\r\n]/.test(text)
    ? { value: text }
    : { fault: `must be an address such as Signalbox <ops@example.com>, not ${shown(text)}` };
};

/** A fault never shows it, because it usually contains a password. */
export const parseSmtpUrl: Parse<string> = (text) => {
  const fault = urlFault(text);
  const url = fault === null || fault === "credentials" ? URL.parse(text) : null;
  return url !== null && ["smtp:", "smtps:"].includes(url.protocol) && url.hostname !== ""
    ? { value: text }
    : { fault: "must be a URL such as smtp://user:password@mail.example.com:587 or smtps://…" };
};

export const parseAccountSid: Parse<string> = (text) =>
  /^[A-Za-z0-9_-]{1,64}$/.test(text) ? { value: text } : { fault: "must be a Twilio account SID, such as AC0123…" };

export const parseToken: Parse<string> = (text) =>
  VISIBLE_ASCII.test(text) ? { value: text } : { fault: "must be visible ASCII characters without spaces" };

export const parseSmsSender: Parse<string> = (text) =>
  /^\+?[A-Za-z0-9 ]{1,34}$/.test(text)
    ? { value: text }
    : { fault: `must be a number such as +15551234567 or a sender name, not ${shown(text)}` };

/** A JSON array of `{source, secret}`. A fault shows only the positions of the errors. */
export const parseInboundSources: Parse<readonly InboundSourceSetting[]> = (text) => {
  const broken = findJsonFault(text);
  if (broken !== null) return { fault: jsonRule(broken) };
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) {
    return { fault: 'must be a JSON array such as [{"source": "membership", "secret": "…"}]' };
  }
  const faults = list.flatMap((item: unknown, index) =>
    inboundSourceFaults(item).map((fault) => `entry ${index + 1} ${fault}`),
  );
  faults.push(...repeatedSourceFaults(list));
  if (faults.length > 0) return { fault: listed(faults) };
  const sources = list as readonly InboundSourceSetting[];
  return { value: sources.map(({ source, secret }) => ({ source, secret })) };
};

function inboundSourceFaults(item: unknown): readonly string[] {
  if (!isObject(item)) return ["must be an object {source, secret}"];
  const { source, secret, ...unknown } = item;
  const faults: string[] = [];
  if (!isTextUpTo(source, SOURCE_NAME_CHARS_MAX) || isBlank(source)) {
    faults.push(
      `must have a source of 1 to ${SOURCE_NAME_CHARS_MAX} characters, not blank and without control characters`,
    );
  }
  if (!isTextUpTo(secret, SECRET_CHARS_MAX)) {
    faults.push(`must have a secret of 1 to ${SECRET_CHARS_MAX} characters without control characters`);
  }
  if (Object.keys(unknown).length > 0) faults.push("must have no fields other than source and secret");
  return faults;
}

function repeatedSourceFaults(list: readonly unknown[]): readonly string[] {
  const first = new Map<string, number>();
  return list.flatMap((item, index) => {
    if (!isObject(item) || typeof item.source !== "string") return [];
    const before = first.get(item.source);
    if (before !== undefined) return [`entry ${index + 1} must not repeat the source of entry ${before + 1}`];
    first.set(item.source, index);
    return [];
  });
}

/** The faults as one line, limited to what a person can fix at once. */
function listed(faults: readonly string[]): string {
  const more = faults.length - SHOWN_FAULTS_COUNT_MAX;
  return [...faults.slice(0, SHOWN_FAULTS_COUNT_MAX), ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTextUpTo(value: unknown, charsMax: number): value is string {
  return typeof value === "string" && hasCharacters(value, charsMax) && isPlain(value);
}
