/** Options of a source: where the event type is, and how the scheme `hmac` signs. */
import type { HmacSettings, Source, SourcePatch } from "../../../../sdk/src/index.ts";
import { choice, type Option, text, whole } from "../../options.ts";

type Text = Option<string | undefined>;

export const EVENT_TYPE_OPTIONS: Readonly<Record<"typeHeader" | "typePointer" | "typePrefix" | "typeFallback", Text>> =
  {
    typeHeader: text("NAME", "the header with the event type (default: where the scheme puts it)"),
    typePointer: text("POINTER", "where the event type is in a JSON body, such as /data/type"),
    typePrefix: text("PREFIX", "what to put in front of the event type, such as github."),
    typeFallback: text("TYPE", "the event type of a request that has none"),
  };

export const HMAC_OPTIONS = {
  signatureHeader: text("NAME", "hmac: the header with the signature"),
  signaturePrefix: text("PREFIX", "hmac: the text in front of the signature, such as sha256="),
  algorithm: choice(["sha1", "sha256", "sha512"], "hmac: the hash (default: sha256)", "HASH"),
  encoding: choice(["hex", "base64"], "hmac: how the signature is written (default: hex)", "ENCODING"),
  template: text("TEMPLATE", "hmac: what is signed, such as v0:{timestamp}:{body}"),
  timestampHeader: text("NAME", "hmac: the header with the timestamp"),
  toleranceSeconds: whole("SECONDS", "hmac: how far the timestamp may be off (default: 300)", { min: 1, max: 86_400 }),
  deliveryIdHeader: text("NAME", "hmac: the header with the sender's id of the delivery, which is accepted once"),
  deliveryIdPointer: text("POINTER", "hmac: where that id is in a JSON body"),
};

export const BASIC_OPTIONS = { username: text("NAME", "basic: the user; the secret is the password") };

interface Given {
  readonly typeHeader: string | undefined;
  readonly typePointer: string | undefined;
  readonly typePrefix: string | undefined;
  readonly typeFallback: string | undefined;
  readonly username: string | undefined;
}

export interface GivenHmac {
  readonly signatureHeader: string | undefined;
  readonly signaturePrefix: string | undefined;
  readonly algorithm: HmacSettings["algorithm"] | undefined;
  readonly encoding: HmacSettings["encoding"] | undefined;
  readonly template: string | undefined;
  readonly timestampHeader: string | undefined;
  readonly toleranceSeconds: number | undefined;
  readonly deliveryIdHeader: string | undefined;
  readonly deliveryIdPointer: string | undefined;
}

/** The settings that are given. The API replaces each of them as a whole, so they complete what the source has. */
export function patchOf(given: Given & GivenHmac, source: Source | null): SourcePatch {
  const eventType = eventTypeOf(given);
  const hmac = hmacOf(given, source);
  return {
    ...(eventType !== null && { event_type: { ...source?.event_type, ...eventType } }),
    ...(hmac !== null && { hmac }),
    ...(given.username !== undefined && { basic: { username: given.username } }),
  };
}

function eventTypeOf({ typeHeader, typePointer, typePrefix, typeFallback }: Given): SourcePatch["event_type"] | null {
  const given = {
    ...(typeHeader !== undefined && { header: typeHeader, pointer: null }),
    ...(typePointer !== undefined && { header: null, pointer: typePointer }),
    ...(typePrefix !== undefined && { prefix: typePrefix }),
    ...(typeFallback !== undefined && { fallback: typeFallback }),
  };
  return Object.keys(given).length === 0 ? null : given;
}

/** Null if none is given. The server names what is missing. */
export function hmacOf(given: GivenHmac, source: Source | null): HmacSettings | null {
  const { signatureHeader, signaturePrefix, algorithm, encoding, template } = given;
  const { timestampHeader, toleranceSeconds, deliveryIdHeader, deliveryIdPointer } = given;
  const settings = {
    ...(signatureHeader !== undefined && { header: signatureHeader }),
    ...(signaturePrefix !== undefined && { prefix: signaturePrefix }),
    ...(algorithm !== undefined && { algorithm }),
    ...(encoding !== undefined && { encoding }),
    ...(template !== undefined && { template }),
    ...(timestampHeader !== undefined && { timestamp_header: timestampHeader }),
    ...(toleranceSeconds !== undefined && { tolerance_seconds: toleranceSeconds }),
    ...(deliveryIdHeader !== undefined && { delivery_id: { header: deliveryIdHeader } }),
    ...(deliveryIdPointer !== undefined && { delivery_id: { pointer: deliveryIdPointer } }),
  };
  if (Object.keys(settings).length === 0) return null;
  return { ...source?.hmac, ...settings } as HmacSettings;
}
