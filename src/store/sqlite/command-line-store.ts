/**
 * The store that the command line opens, in its own process, while a server may run. It does not take the directory's
 * lock.
 *
 * It has only the verbs on tenants, users and keys. The server's writer thread caches some facts between commits, and
 * no other process may change them: the next sequences of events, deliveries and attempts, event types and URLs, the
 * held bytes, and which idempotency tables exist. These verbs change none of them; SQLite numbers their rows and those
 * of the audit. Each verb records what it changed, so that a running server drops what it has cached of it
 * (`changesSince`).
 */
import { existsSync } from "node:fs";
import { StartupError, StoreUnavailable } from "../../domain/errors.ts";
import type { Uuid } from "../../domain/ids.ts";
import type { AccessStore, AccessVerbs, TenantView } from "../../ports/store.ts";
import { checkMasterKey } from "../access/key-check.ts";
import { commitGroup } from "../group.ts";
import { one } from "../read-connection.ts";
import { READER_VERBS } from "../threads/reader-verbs.ts";
import { type NotedChange, noteForeignChange } from "../upkeep/foreign-changes.ts";
import { createVault } from "../vault.ts";
import { WRITER_VERBS } from "../verbs.ts";
import { createWriting, type Writing } from "../writing.ts";
import { isBehind, isEmpty, migrate, openConnection, type SqliteConnection } from "./connection.ts";
import { type DataFiles, dataFiles, masterKey, openFault, prepareDir, tryLockDir } from "./files/files.ts";

export interface CommandLineStoreOptions {
  readonly dataDir: string;
  /** 32 bytes. Null reads the directory's own key file. */
  readonly masterKey: Uint8Array | null;
  readonly newId: () => Uuid;
}

/** @throws StartupError when there is no data, or another version or another master key wrote it */
export function openCommandLineStore({ dataDir, masterKey: given, newId }: CommandLineStoreOptions): AccessStore {
  const files = dataFiles(dataDir);
  // A directory without permission looks empty. A missing one is not created: most likely its name is wrong.
  if (existsSync(dataDir)) prepareDir(dataDir);
  if (!existsSync(files.database)) {
    throw new StartupError(`there is no data in ${dataDir} (SIGNALBOX_DATA_DIR); the server's first start makes it`);
  }
  const vault = createVault(masterKey(files, given));
  let connection: SqliteConnection | null = null;
  try {
    connection = openConnection(files.database, "write");
    bringUpToDate(connection, files, dataDir);
    checkMasterKey(connection, vault);
    return accessOver(createWriting(connection, vault, newId));
  } catch (error) {
    connection?.close();
    throw openFault(files.database, error);
  }
}

/** Only without a running server: one of an older version would go on writing into tables that it no longer knows. */
function bringUpToDate(connection: SqliteConnection, files: DataFiles, dir: string): void {
  if (!isBehind(connection)) {
    migrate(connection); // changes nothing, and refuses data of a newer version
    return;
  }
  const lock = tryLockDir(files);
  if (lock === null) {
    throw new StartupError(
      isEmpty(connection)
        ? `a server is making the data in ${dir} at this moment; try again`
        : `an older Signalbox is running on the data directory ${dir}: restart it with this version, or use its own ` +
            "command line; if a server of this version starts at this moment, try again",
    );
  }
  try {
    migrate(connection);
  } finally {
    lock.release();
  }
}

const READING = [
  "findKey",
  "findTenant",
  "findKeyTenant",
  "findUser",
  "listKeys",
  "listTenants",
  "listUsers",
  "isPasswordLink",
  "getTenant",
  "findQuotas",
] as const;
type WritingVerb = Exclude<keyof AccessVerbs, (typeof READING)[number]>;

/** What a running server has to forget after each verb. `quotas` are those of the tenant that the verb returns. */
const CHANGES: Readonly<Record<WritingVerb, NotedChange["kind"]>> = {
  bootstrap: "keys",
  createKey: "keys",
  revokeKey: "keys",
  rotateKey: "keys",
  recordKeyUse: "keys",
  createTenant: "keys",
  patchTenant: "quotas",
  createUser: "sessions",
  patchUser: "sessions",
  linkUser: "sessions",
  usePasswordLink: "sessions",
  setUserDisabled: "sessions",
  resetPassword: "sessions",
};

type Carry = (on: unknown, ...args: readonly unknown[]) => unknown;

/** Runs in this thread, since a command does one thing and ends. */
function accessOver(writing: Writing): AccessStore {
  const reading = READING.map((verb) => [verb, (...args: readonly unknown[]) => read(writing, verb, args)] as const);
  const changing = (Object.keys(CHANGES) as WritingVerb[]).map((verb) => {
    return [verb, (...args: readonly unknown[]) => write(writing, verb, args)] as const;
  });
  const verbs = Object.fromEntries([...reading, ...changing]) as unknown as AccessVerbs;
  return { ...verbs, close: async () => writing.close() };
}

async function read(writing: Writing, verb: (typeof READING)[number], args: readonly unknown[]): Promise<unknown> {
  writing.begin("read");
  try {
    return (READER_VERBS[verb] as Carry)(writing, ...args);
  } finally {
    writing.commit();
  }
}

async function write(writing: Writing, verb: WritingVerb, args: readonly unknown[]): Promise<unknown> {
  const [answer] = commitGroup(writing, [() => changeAndNote(writing, verb, args)]);
  switch (answer?.kind) {
    case "ok":
      return answer.value;
    case "unavailable":
      throw new StoreUnavailable(answer.message);
    default:
      throw new Error(answer?.message);
  }
}

function changeAndNote(writing: Writing, verb: WritingVerb, args: readonly unknown[]): unknown {
  const before = totalChanges(writing);
  const answer = (WRITER_VERBS[verb] as Carry)(writing, ...args);
  if (totalChanges(writing) > before) noteForeignChange(writing, changeOf(CHANGES[verb], answer));
  return answer;
}

/** How many rows this connection has changed since it was opened. */
function totalChanges(writing: Writing): number {
  return one<{ changes: number }>(writing, "SELECT total_changes() AS changes")?.changes ?? 0;
}

function changeOf(kind: NotedChange["kind"], answer: unknown): NotedChange {
  return kind === "quotas" ? { kind, tenantSeq: (answer as TenantView).seq } : { kind };
}
