/** The listener of a `signalbox listen`: its name, its secret, and its settings on the server. */
import { randomBytes } from "node:crypto";
import {
  type BulkInput,
  type Endpoint,
  type Format,
  type ListenerInput,
  SignalboxError,
} from "../../../../sdk/src/index.ts";
import type { Context } from "../../context.ts";
import { EXIT, Failure, usage } from "../../failure.ts";
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

/**
 * The same at every start, unless one is asked for. That one does not replace the stored one yet: the start may be refused.
 */
export async function listenerSecret(
  { settings, connection }: Context,
  name: string,
  asked: string | undefined,
): Promise<string> {
  const key = listenerKey(connection.url, name);
  const stored = settings.credentials().listeners[key];
  if (stored !== undefined && (asked === undefined || asked === stored)) return stored;
  let secret = asked ?? `whsec_${randomBytes(SECRET_BYTES).toString("base64")}`;
  // Also with one that is asked for: settings that cannot be written fail before the listener is changed.
  await settings.changeCredentials((credentials) => {
    const present = credentials.listeners[key]; // another start may have made one meanwhile
    secret = asked ?? present ?? secret;
    return { ...credentials, listeners: { ...credentials.listeners, [key]: present ?? secret } };
  });
  return secret;
}

export async function keepSecret({ settings, connection }: Context, name: string, secret: string): Promise<void> {
  const key = listenerKey(connection.url, name);
  if (settings.credentials().listeners[key] === secret) return;
  await settings.changeCredentials((credentials) => {
    return { ...credentials, listeners: { ...credentials.listeners, [key]: secret } };
  });
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

/** The listener that this start wants. */
export async function listenerInput({ client, signal }: Context, wanted: Wanted): Promise<ListenerInput> {
  const model = wanted.like === undefined ? null : await client.endpoints.get(wanted.like, { signal });
  const filter = wanted.events.length > 0 ? wanted.events : (model?.event_types ?? null);
  const ofSource = wanted.source === undefined ? null : [await typesOfSource(client, wanted.source)];
  // Without a target, an event would fail.
  const event_types = allowedByAll([filter, ofSource, wanted.targeted]);
  if (event_types?.length === 0) throw usage("no event type passes all of --events, --source, --like and --forward");
  return {
    name: wanted.name,
    secret: wanted.secret,
    event_types: event_types?.includes("*") ? null : event_types,
    ...(model === null ? DEFAULTS : settingsOf(model)),
  };
}

/**
 * Make the listener, or change it.
 *
 * @throws Failure when another terminal has it, which is not changed then, unless this start displaces that terminal
 */
export async function putListener(
  { client, signal }: Context,
  input: ListenerInput,
  { takeover }: { readonly takeover: boolean },
): Promise<Endpoint> {
  try {
    return await client.listeners.put({ ...input, ...(!takeover && { if_free: true }) }, { signal });
  } catch (error) {
    throw busyOr(error, input.name);
  }
}

/** The failure that says how to get past another terminal, or the error if it is another one. */
export function busyOr(error: unknown, name: string): unknown {
  if (!(error instanceof SignalboxError) || error.code !== "LISTENER_BUSY") return error;
  return busy(name, error.details[0]?.rule ?? "another terminal");
}

function busy(name: string, who: string): Failure {
  const message = `${name} is in use by ${who}. Pass --takeover to displace it, or --name for a listener of your own.`;
  return new Failure(EXIT.conflict, "LISTENER_BUSY", message, { details: [{ field: "reader", rule: who }] });
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

interface Waiting {
  readonly input: BulkInput;
  readonly text: string;
}

/** What `--fresh` cancels, after asking; null when nothing waits. */
export async function askFresh(
  context: Context,
  name: string,
  { yes, takeover }: { readonly yes: boolean; readonly takeover: boolean },
): Promise<Waiting | null> {
  const { client, signal } = context;
  const present = (await client.listeners.list({ signal })).find((each) => each.name === name);
  if (present === undefined) return null;
  const { listener } = present;
  if (listener?.connected && !takeover) throw busy(name, `${listener.reader} since ${listener.connected_at}`);
  const input = { action: "cancel", filter: { endpoint_id: present.id, status: "HELD" } } as const;
  const { total, as_of } = await client.deliveries.countBulk(input, { signal });
  if (total === 0) return null;
  const text = counted(total, "delivery that waits", "deliveries that wait");
  if (!yes) await context.confirm(`Cancel ${text}?`);
  return { input: { ...input, as_of }, text };
}

export async function cancelWaiting(context: Context, { input, text }: Waiting): Promise<void> {
  const { client, out, signal } = context;
  const { job_id } = await client.deliveries.bulk(input, { signal });
  const job = await watchJob(context, job_id);
  if (job.state !== "done" || job.failed > 0) {
    throw new Failure(
      EXIT.failed,
      "NOT_FRESH",
      `Not everything that waits was cancelled; see signalbox jobs watch ${job_id}.`,
    );
  }
  out.tell(`Cancelled ${text}.`);
}
