/** The store that the command line opens on PostgreSQL, while servers may run. */
import type { DatabaseAddress } from "../../domain/database-address.ts";
import { StartupError } from "../../domain/errors.ts";
import type { Uuid } from "../../domain/ids.ts";
import type { AccessStore } from "../../ports/store.ts";
import { checkMasterKey } from "../access/key-check.ts";
import { accessOver } from "../command-line-store.ts";
import { createVault } from "../vault.ts";
import { createWriting, type Writing } from "../writing.ts";
import { type ConnectionOptions, connect, connectionOptions } from "./connect.ts";
import { Connections } from "./connections.ts";
import { openPostgres } from "./database.ts";
import { isUpToDate } from "./migrate.ts";
import { startupFault } from "./startup/startup-fault.ts";

export interface CommandLineStoreOptions {
  readonly database: DatabaseAddress;
  readonly masterKey: Uint8Array;
  readonly newId: () => Uuid;
}

/** Its verbs reject with a StartupError when there is no data, or another version or another master key wrote it. */
export function openPostgresCommandLineStore({ database, masterKey, newId }: CommandLineStoreOptions): AccessStore {
  let connections: Connections | null = null;
  let writing: Writing | null = null;
  async function open(): Promise<Writing> {
    const options = connectionOptions(database);
    await checkSchema(options);
    connections = await Connections.start((error) => {
      throw error;
    });
    const vault = createVault(masterKey);
    writing = createWriting(openPostgres(connections.open(options)), vault, newId);
    writing.begin("write");
    checkMasterKey(writing, vault);
    writing.commit();
    return writing;
  }
  return accessOver(open, async () => {
    writing?.close();
    await connections?.close();
  });
}

/** A command changes no schema: servers of an older version may be running. */
export async function checkSchema(options: ConnectionOptions): Promise<void> {
  try {
    const client = await connect(options);
    try {
      if (await isUpToDate(client)) return;
    } finally {
      await client.end();
    }
  } catch (error) {
    throw startupFault(error, options);
  }
  throw new StartupError(
    `there is no data of this version in the database ${options.database} (DATABASE_URL); a server's start makes it`,
    "missing",
  );
}
