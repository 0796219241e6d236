/** What a value can be completed with: files, profiles, and the ids and types that the server has. */
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import path from "node:path";
import { Signalbox } from "../../../sdk/src/index.ts";
import type { Context } from "../context.ts";
import { fetchOverHttp } from "../http-fetch.ts";
import type { Completes } from "../options.ts";
import { changeFile, readJsonFile } from "../settings/files.ts";

export interface Candidate {
  readonly value: string;
  readonly about: string;
}

type OfServer = Exclude<Completes, "file" | "profile" | "id">;

/** What begins the ids of things that have a page in the console. */
const PREFIXES = {
  endpoint: "ep_",
  event: "evt_",
  delivery: "del_",
  source: "src_",
  request: "wh_",
  pause: "psr_",
  job: "job_",
} as const satisfies Partial<Record<OfServer, string>>;

const ROWS = 50;
const CACHE_MS = 60_000;
/** A shell waits for it. */
const TIMEOUT_MS = 3000;

export async function candidatesFor(context: Context, kind: Completes, typed: string): Promise<readonly Candidate[]> {
  if (kind === "file") return filesOf(context.folder, typed);
  if (kind === "profile") {
    const { profiles } = context.settings.config();
    return Object.entries(profiles).map(([value, { url }]) => ({ value, about: url }));
  }
  return kind === "id" ? idsOf(context, typed) : fromServer(context, kind);
}

/** The ids of all kinds that what is typed can be. A kind that the role may not list has none. */
async function idsOf(context: Context, typed: string): Promise<readonly Candidate[]> {
  const kinds = Object.entries(PREFIXES).filter(([, prefix]) => prefix.startsWith(typed.slice(0, prefix.length)));
  const found = kinds.map(async ([kind, prefix]) => {
    const candidates = await fromServer(context, kind as keyof typeof PREFIXES).catch(() => []);
    return candidates.filter(({ value }) => value.startsWith(prefix));
  });
  return (await Promise.all(found)).flat();
}

/** The files of the folder that is typed so far. `@` is a part of the value of `--data`. */
export function filesOf(folder: string, typed: string): readonly Candidate[] {
  const [at, name] = typed.startsWith("@") ? ["@", typed.slice(1)] : ["", typed];
  const within = name.slice(0, name.lastIndexOf("/") + 1);
  return readdirSync(path.resolve(folder, within), { withFileTypes: true }).map((entry) => ({
    value: `${at}${within}${entry.name}${entry.isDirectory() ? "/" : ""}`,
    about: "",
  }));
}

interface Cached {
  readonly atMs: number;
  readonly candidates: readonly Candidate[];
}

async function fromServer({ connection, settings }: Context, kind: OfServer): Promise<readonly Candidate[]> {
  const { url, apiKey, tenant } = connection;
  const file = path.join(settings.folder, "completions.json");
  const key = createHash("sha256")
    .update(JSON.stringify([url, apiKey, tenant, kind]))
    .digest("hex");
  const found = freshIn(file)[key];
  if (found !== undefined) return found.candidates;
  const client = new Signalbox({ url, apiKey, fetch: fetchOverHttp, retries: 0, ...(tenant !== null && { tenant }) });
  const candidates = await ASKED[kind](client, AbortSignal.timeout(TIMEOUT_MS));
  await changeFile(file, () => JSON.stringify({ ...freshIn(file), [key]: { atMs: Date.now(), candidates } }));
  return candidates;
}

function freshIn(file: string): Readonly<Record<string, Cached>> {
  const nowMs = Date.now();
  return Object.fromEntries(
    Object.entries(readCache(file)).filter(([, { atMs }]) => atMs <= nowMs && nowMs - atMs < CACHE_MS),
  );
}

function readCache(file: string): Readonly<Record<string, Cached>> {
  try {
    return (readJsonFile(file) ?? {}) as Readonly<Record<string, Cached>>;
  } catch {
    return {}; // there is none yet, or it is broken: the next write replaces it
  }
}

const ASKED: Readonly<Record<OfServer, (client: Signalbox, signal: AbortSignal) => Promise<readonly Candidate[]>>> = {
  async endpoint(client, signal) {
    const { rows } = await client.endpoints.page({ limit: ROWS, signal });
    return rows.map(({ id, name }) => ({ value: id, about: name }));
  },
  async event(client, signal) {
    const { results } = await client.events.list({ limit: ROWS }, { signal });
    return results.map(({ id, type }) => ({ value: id, about: type }));
  },
  async delivery(client, signal) {
    const { results } = await client.deliveries.list({ limit: ROWS }, { signal });
    return results.map(({ id, status, event_type }) => ({ value: id, about: `${status} ${event_type}` }));
  },
  async type(client, signal) {
    const { results } = await client.events.listTypes({ limit: ROWS }, { signal });
    return results.map(({ name, per_hour }) => ({ value: name, about: `${per_hour} in the last hour` }));
  },
  async source(client, signal) {
    const { rows } = await client.sources.page({ limit: ROWS, signal });
    return rows.flatMap(({ id, name }) => [
      { value: name, about: id },
      { value: id, about: name },
    ]);
  },
  async request(client, signal) {
    const { data } = await client.inboundEvents.list({ valid: false, limit: ROWS }, { signal });
    return data.map(({ id, source, rejection_reason: reason }) => ({ value: id, about: `${source} ${reason}` }));
  },
  async user(client, signal) {
    const { rows } = await client.users.page({ limit: ROWS, signal });
    return rows.map(({ id, email }) => ({ value: id, about: email }));
  },
  async pause(client, signal) {
    const { pauses } = await client.listPauses({ status: "pending", limit: ROWS }, { signal });
    return pauses.map(({ pause_id, message }) => ({ value: pause_id, about: message }));
  },
  async job(client, signal) {
    const { results } = await client.jobs.list({ limit: ROWS }, { signal });
    return results.map(({ id, kind, state }) => ({ value: id, about: `${state} ${kind}` }));
  },
};
