/** Sources and the requests they send, for wire tests. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { sourceName } from "../fixtures/routes.ts";
import type { Answer, Client } from "./server.ts";

export const RECORDS = "/api/v1/webhooks/pause-status";
export const SOURCE_SECRET = "a secret of both sides";

export interface MadeSource {
  readonly id: string;
  readonly name: string;
}

/** Creates a source with a unique name and, if its scheme has a secret, {@link SOURCE_SECRET}. */
export async function createSource(
  owner: Client,
  { scheme, ...more }: { readonly scheme: string; readonly [field: string]: unknown },
): Promise<MadeSource> {
  const name = sourceName();
  const secret = scheme === "none" ? {} : { secret: SOURCE_SECRET };
  const made = await owner.request("POST", "/v1/sources", { body: { name, scheme, ...secret, ...more } });
  assert.equal(made.status, 201, made.text);
  return { id: made.body.id, name };
}

let members = 0;

/** The fields of a request. Each call uses a new member, because the server would treat equal fields as a repeat. */
export function transition(source: Pick<MadeSource, "name">, more: Readonly<Record<string, unknown>> = {}) {
  members += 1;
  return {
    source: source.name,
    event_type: "member.status.changed",
    member_id: `pm_${members}`,
    old_status: "active",
    new_status: "paused",
    changed_at: "2026-03-19T14:29:50.000Z",
    ...more,
  };
}

export function signatureOf(body: string | Uint8Array, secret = SOURCE_SECRET): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

let addresses = 0;

/**
 * The header that a trusted proxy adds. Each call uses a new client address, because the server counts failures by
 * address. A server that trusts no proxy ignores the header.
 */
export function fromNewAddress(): { readonly "x-forwarded-for": string } {
  addresses += 1;
  return { "x-forwarded-for": `203.0.${addresses >> 8}.${addresses & 255}` };
}

/** Sends the body unchanged, with a signature over its bytes. */
export function sendSigned(client: Client, body: string | Uint8Array, secret = SOURCE_SECRET): Promise<Answer> {
  const headers = { "x-signature": signatureOf(body, secret), ...fromNewAddress() };
  return client.request("POST", RECORDS, { key: null, body, headers });
}

export function sendPauseStatus(
  client: Client,
  source: Pick<MadeSource, "name">,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Answer> {
  return sendSigned(client, JSON.stringify(transition(source, more)));
}

/** The fields of the single record in the response. */
export function recordOf({ text }: Answer): Readonly<Record<string, unknown>> {
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

/** The rows of a paginated list, each as its fields. */
export function rowsOf({ body }: Answer): readonly Readonly<Record<string, unknown>>[] {
  return body.data as unknown as readonly Readonly<Record<string, unknown>>[];
}
