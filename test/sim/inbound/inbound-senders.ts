/** How senders format and sign their messages. */
import { createHmac } from "node:crypto";
import canonicalize from "canonicalize";
import type { Scheme, SourceSettings } from "../../../src/domain/inbound/source.ts";
import type { PublicRequest } from "../../../src/engine/inbound/inbound-types.ts";
import type { Random } from "../random.ts";
import { type Message, memberOf } from "./inbound-model.ts";

/** The user name of all senders with a password. */
export const USERNAME = "shop";
const NO_RULE = { place: null, prefix: "", fallback: null } as const;

/** Schemes detect repeats by content, by a required id, by an optional id, or not at all. */
export function settingsOf(scheme: Scheme, name: string): SourceSettings {
  const basic = scheme === "basic" ? { username: USERNAME } : null;
  if (scheme !== "hmac") return { name, scheme, eventType: NO_RULE, hmac: null, basic };
  const hmac = {
    header: "X-Sig",
    algorithm: "sha256",
    encoding: "hex",
    prefix: "",
    timestampHeader: "X-Time",
    toleranceSeconds: 300,
    template: "{timestamp}.{body}",
    deliveryId: { from: "header", name: "X-Id" },
  } as const;
  const eventType = { place: { from: "header", name: "X-Topic" }, prefix: "shop.", fallback: null } as const;
  return { name, scheme, eventType, hmac, basic };
}

/** The type of the event that the server publishes for the message. */
export function eventTypeOf({ source, route, oldStatus }: Message): string {
  if (route === "status") return `pause_status.${oldStatus === "active" ? "activated" : "deactivated"}`;
  switch (source.settings.scheme) {
    case "github":
      return "push";
    case "hmac":
      return "shop.order";
    case "jcs":
      return "member.changed";
    default:
      return "inbound.received";
  }
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf({ number, source, flaw, oldStatus, newStatus }: Message): Fields {
  return {
    source: flaw === "unknownSource" ? "nobody's" : source.settings.name,
    event_type: "member.changed",
    member_id: memberOf(number),
    old_status: oldStatus,
    new_status: flaw === "fieldsInvalid" ? 3 : newStatus,
    changed_at: "2026-03-19T14:29:50Z",
    "né\u0000": 'x"\u2028',
  };
}

/** A body with the message's content. The format varies, because a proxy may re-serialize JSON. */
function bodyOf(random: Random, message: Message, fields: Fields): string {
  const indent = message.isLossy ? 0 : random.pick([0, 0, 1, "\t"]);
  const text = JSON.stringify(fields, null, indent).replace(
    /\}$/,
    `, "x":${message.isLossy ? "9007199254740993" : "1.0"}}`,
  );
  return message.flaw === "unreadable" ? text.slice(0, -1) : text;
}

export interface Signing {
  readonly random: Random;
  readonly message: Message;
  /** Null for a forged signature. */
  readonly secret: string | null;
  readonly address: string;
  /** The sender's clock. */
  readonly nowMs: number;
}

const FORGED = ["", "sha256=", "sha256=00", "nonsense", `sha256=${"0".repeat(64)}`];
/** This header contains the secret used for signing. The server stores it, and no scheme reads it. */
export const LABEL = "x-signed-with";

export function requestOf({ random, message, secret, address, nowMs }: Signing): PublicRequest {
  const sign = (content: string) =>
    secret === null ? random.pick(FORGED) : `sha256=${createHmac("sha256", secret).update(content).digest("hex")}`;
  const { body, headers } =
    message.source.settings.scheme === "basic"
      ? withPassword(random, message, secret)
      : signed(random, message, sign, nowMs);
  message.bodies.add(body);
  const label: Record<string, string> = secret === null ? {} : { [LABEL]: secret };
  return {
    headers: { ...headers, ...label },
    url: "http://localhost/in",
    body: new Uint8Array(Buffer.from(body)),
    address,
  };
}

interface Signed {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

function signed(random: Random, message: Message, sign: (content: string) => string, nowMs: number): Signed {
  const fields = fieldsOf(message);
  const id = `id of ${message.number}`;
  switch (message.source.settings.scheme) {
    case "jcs":
      return signedInBody(random, message, fields, sign);
    case "github": {
      const body = bodyOf(random, message, fields);
      const delivery = message.isDeduplicated ? { "x-github-delivery": id } : {};
      return { body, headers: { "x-hub-signature-256": sign(body), "x-github-event": "push", ...delivery } };
    }
    case "hmac": {
      const body = bodyOf(random, message, fields);
      const time = String(Math.floor(nowMs / 1000));
      const signature = sign(`${time}.${body}`).replace("sha256=", "");
      return { body, headers: { "x-sig": signature, "x-time": time, "x-id": id, "x-topic": "order" } };
    }
    default:
      return { body: bodyOf(random, message, fields), headers: {} };
  }
}

function withPassword(random: Random, message: Message, secret: string | null): Signed {
  const body = bodyOf(random, message, fieldsOf(message));
  const credentials = Buffer.from(`${USERNAME}:${secret}`).toString("base64");
  const forged = secret === null ? random.pick([null, ...FORGED]) : null;
  if (secret === null && forged === null) return { body, headers: {} };
  return { body, headers: { authorization: forged ?? `Basic ${credentials}` } };
}

function signedInBody(random: Random, message: Message, fields: Fields, sign: (content: string) => string): Signed {
  if (!message.isLossy && message.flaw !== "unreadable" && random.chance(0.5)) {
    const signature = sign(canonicalize({ ...fields, x: 1 }) ?? "");
    return { body: bodyOf(random, message, { signature, ...fields }), headers: {} };
  }
  const body = bodyOf(random, message, fields);
  const names = random.pick([["x-signature"], ["x-hub-signature-256"], ["x-signature", "x-hub-signature-256"]]);
  return { body, headers: Object.fromEntries(names.map((name) => [name, sign(body)])) };
}
