/** The listener of a `signalbox listen`: its name, its secret, and its settings on the server. */
import { randomBytes } from "node:crypto";
import type { Endpoint, Format, ListenerInput } from "../../../../sdk/src/index.ts";
import type { Context } from "../../context.ts";
import { EXIT, Failure, usage } from "../../failure.ts";
import { type GivenSecret, readSecret } from "../../input.ts";
import { counted } from "../../output/text.ts";
import { listenerKey } from "../../settings/settings.ts";
import { watchJob } from "../../watch.ts";
import { findSource } from "../inbound/find-source.ts";
import { allowedByAll } from "./targets.ts";

const SECRET_BYTES = 32;

const DEFAULTS = {
  format: "standard" as Format,
  timeout_seconds: 30,
  retry_schedule_seconds: [2, 10, 60] as readonly number[],
};

/** The same at every start. A given one replaces it. */
export async function listenerSecret(context: Context, name: string, given: GivenSecret): Promise<string> {
  const { settings, connection } = context;
  const key = listenerKey(connection.url, name);
  const asked = await readSecret(context, given);
  const stored = Object.hasOwn(settings.credentials().listeners, key) ? settings.credentials().listeners[key] : null;
  if (stored && (asked === undefined || asked === stored)) return stored;
  let secret = asked ?? `whsec_${randomBytes(SECRET_BYTES).toString("base64")}`;
  await settings.changeCredentials((credentials) => {
    // Another start may have made one meanwhile.
    secret = asked ?? credentials.listeners[key] ?? secret;
    return { ...credentials, listeners: { ...credentials.listeners, [key]: secret } };
  });
  return secret;
}

interface Wanted {
  readonly name: string;
  readonly secret: string;
  readonly events: readonly string[];
  readonly source: string | undefined;
  readonly like: string | undefined;
  /** The event types that have a target; null if all have. */
  readonly targeted: readonly string[] | null;
}

/** Make the listener, or change it to what this start wants. */
export async function putListener({ client, signal }: Context, wanted: Wanted): Promise<Endpoint> {
  const model = wanted.like === undefined ? null : await client.endpoints.get(wanted.like, { signal });
  const filter = wanted.events.length > 0 ? wanted.events : (model?.event_types ?? null);
  const ofSource = wanted.source === undefined ? null : [await typesOfSource(client, wanted.source)];
  // Without a target, an event would fail.
  const event_types = allowedByAll([filter, ofSource, wanted.targeted]);
  if (event_types?.length === 0) throw usage("no event type passes all of --events, --source, --like and --forward");
  const input: ListenerInput = {
    name: wanted.name,
    secret: wanted.secret,
    event_types: event_types?.includes("*") ? null : event_types,
    ...(model === null ? DEFAULTS : settingsOf(model)),
  };
  return client.listeners.put(input, { signal });
}

function settingsOf({ format, timeout_seconds, retry_schedule_seconds, headers_json, ordered }: Endpoint) {
  // Who may not see the headers' values cannot copy them.
  const isShown = Object.values(headers_json).every((value) => value !== "[redacted]");
  return { format, timeout_seconds, retry_schedule_seconds, ordered, ...(isShown && { headers_json }) };
}

async function typesOfSource(client: Context["client"], source: string): Promise<string> {
  const { name, event_type } = await findSource(client, source);
  const { prefix } = event_type;
  if (prefix.endsWith(".")) return `${prefix}*`;
  const message = `The source ${name} has no prefix that ends in a period, so its events cannot be told apart`;
  throw usage(`${message}; pass --events`);
}

/** Cancel what waits, after asking. */
export async function cancelWaiting(context: Context, listener: Endpoint, yes: boolean): Promise<void> {
  const { client, out, signal } = context;
  const input = { action: "cancel", filter: { endpoint_id: listener.id, status: "HELD" } } as const;
  const { total, as_of } = await client.deliveries.countBulk(input, { signal });
  if (total === 0) return;
  const waiting = counted(total, "delivery that waits", "deliveries that wait");
  if (!yes) await context.confirm(`Cancel ${waiting}?`);
  const { job_id } = await client.deliveries.bulk({ ...input, as_of }, { signal });
  const job = await watchJob(context, job_id);
  if (job.state !== "done" || job.failed > 0) {
    throw new Failure(
      EXIT.failed,
      "NOT_FRESH",
      `Not everything that waits was cancelled; see signalbox jobs watch ${job_id}.`,
    );
  }
  out.tell(`Cancelled ${waiting}.`);
}
