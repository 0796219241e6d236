/** Creating and answering human pauses, for the tests of pauses. */
import assert from "node:assert/strict";
import type { Answer, AnswerBody, Client } from "./server.ts";

export const QUESTION = { message: "Pay 340 EUR to Acme Corp?", options: ["Approve", "Reject"] };

export interface Asked {
  readonly id: string;
  readonly token: string;
  readonly created: AnswerBody;
}

export async function ask(client: Client, fields: object = {}, headers: Record<string, string> = {}): Promise<Asked> {
  const made = await client.request("POST", "/v1/pause", { body: { ...QUESTION, ...fields }, headers });
  assert.equal(made.status, 201, made.text);
  const { pause_id: id, respond_url: url } = made.body;
  return { id, token: url.slice(url.lastIndexOf("/") + 1), created: made.body };
}

export async function readPause(client: Client, id: string, waitSeconds = 0): Promise<AnswerBody> {
  const answer = await client.request("GET", `/v1/pause/${id}?wait=${waitSeconds}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
}

/** Answers without a key, as anyone who has the link can. */
export function respond(client: Client, token: string, body: unknown): Promise<Answer> {
  return client.request("POST", `/v1/respond/${token}`, { key: null, body });
}

/** The types of one pause's audit events, oldest first. */
export async function auditOf(client: Client, id: string): Promise<string[]> {
  const answer = await client.request("GET", `/v1/audit?pause_id=${id}&limit=100`);
  assert.equal(answer.status, 200, answer.text);
  const events = answer.body.events as unknown as readonly { readonly event_type: string }[];
  return events.map(({ event_type }) => event_type).reverse();
}
