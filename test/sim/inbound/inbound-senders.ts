/** How senders spell and sign what they tell. */
import { createHmac } from "node:crypto";
import canonicalize from "canonicalize";
import type { Scheme, SourceSettings } from "../../../src/domain/inbound/source.ts";
import type { PublicRequest } from "../../../src/engine/inbound/inbound-service.ts";
import type { Random } from "../random.ts";
import { memberOf, type Told } from "./inbound-model.ts";

/** Of every sender with a password. */
export const USERNAME = "shop";
const NO_RULE = { place: null, prefix: "", fallback: null } as const;

/** Each tells repeats in its own way: by content, by an id that is always there, by one that may be missing, not at all. */
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

/** The type of the event that a source's webhook becomes. */
export function eventTypeOf({ source, route, oldStatus }: Told): string {
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

function fieldsOf({ number, source, flaw, oldStatus, newStatus }: Told): Fields {
  return {
    source: flaw === "nobody" ? "nobody's" : source.settings.name,
    event_type: "member.changed",
    member_id: memberOf(number),
    old_status: oldStatus,
    new_status: flaw === "fieldsInvalid" ? 3 : newStatus,
    changed_at: "2026-03-19T14:29:50Z",
    "né\u0000": 'x"\u2028',
  };
}

/** The same content, however it is spelled: a proxy may write JSON anew. */
function spelled(random: Random, told: Told, fields: Fields): string {
  const indent = told.isLossy ? 0 : random.pick([0, 0, 1, "\t"]);
  const text = JSON.stringify(fields, null, indent).replace(
    /\}$/,
    `, "x":${told.isLossy ? "9007199254740993" : "1.0"}}`,
  );
  return told.flaw === "unreadable" ? text.slice(0, -1) : text;
}

export interface Signing {
  readonly random: Random;
  readonly told: Told;
  /** Null: it is forged, in one of the ways there are. */
  readonly secret: string | null;
  readonly address: string;
  /** The sender's clock. */
  readonly nowMs: number;
}

const FORGED = ["", "sha256=", "sha256=00", "nonsense", `sha256=${"0".repeat(64)}`];
/** Says which secret it was signed with: the header is kept, and no scheme looks at it. */
export const LABEL = "x-signed-with";

export function requestOf({ random, told, secret, address, nowMs }: Signing): PublicRequest {
  const sign = (content: string) =>
    secret === null ? random.pick(FORGED) : `sha256=${createHmac("sha256", secret).update(content).digest("hex")}`;
  const { body, headers } =
    told.source.settings.scheme === "basic" ? withPassword(random, told, secret) : signed(random, told, sign, nowMs);
  told.bodies.add(body);
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

function signed(random: Random, told: Told, sign: (content: string) => string, nowMs: number): Signed {
  const fields = fieldsOf(told);
  const id = `id of ${told.number}`;
  switch (told.source.settings.scheme) {
    case "jcs":
      return signedInBody(random, told, fields, sign);
    case "github": {
      const body = spelled(random, told, fields);
      const delivery = told.isTellable ? { "x-github-delivery": id } : {};
      return { body, headers: { "x-hub-signature-256": sign(body), "x-github-event": "push", ...delivery } };
    }
    case "hmac": {
      const body = spelled(random, told, fields);
      const time = String(Math.floor(nowMs / 1000));
      const signature = sign(`${time}.${body}`).replace("sha256=", "");
      return { body, headers: { "x-sig": signature, "x-time": time, "x-id": id, "x-topic": "order" } };
    }
    default:
      return { body: spelled(random, told, fields), headers: {} };
  }
}

function withPassword(random: Random, told: Told, secret: string | null): Signed {
  const body = spelled(random, told, fieldsOf(told));
  const credentials = Buffer.from(`${USERNAME}:${secret}`).toString("base64");
  const forged = secret === null ? random.pick([null, ...FORGED]) : null;
  if (secret === null && forged === null) return { body, headers: {} };
  return { body, headers: { authorization: forged ?? `Basic ${credentials}` } };
}

function signedInBody(random: Random, told: Told, fields: Fields, sign: (content: string) => string): Signed {
  if (!told.isLossy && told.flaw !== "unreadable" && random.chance(0.5)) {
    const signature = sign(canonicalize({ ...fields, x: 1 }) ?? "");
    return { body: spelled(random, told, { signature, ...fields }), headers: {} };
  }
  const body = spelled(random, told, fields);
  const names = random.pick([["x-signature"], ["x-hub-signature-256"], ["x-signature", "x-hub-signature-256"]]);
  return { body, headers: Object.fromEntries(names.map((name) => [name, sign(body)])) };
}
