/** PostgreSQL as a thread of the store has it open. */
import { checkMasterKey } from "../access/key-check.ts";
import type { Connection, WritableDatabase } from "../connection.ts";
import type { Vault } from "../vault.ts";
import { openPostgresConnection } from "./connection.ts";
import { Link, type LinkData } from "./link.ts";

export function openPostgres(data: LinkData): Connection {
  return openPostgresConnection(new Link(data));
}

/** @throws StartupError when the data was written with another master key */
export function openForWrites(data: LinkData, vault: Vault): WritableDatabase {
  const connection = openPostgres(data);
  try {
    connection.begin("write");
    checkMasterKey(connection, vault);
    connection.commit();
  } catch (error) {
    connection.close(); // the transaction would keep the other nodes from writing
    throw error;
  }
  return {
    connection,
    hasSpace: () => true,
    ranOut: () => undefined,
    afterGroup: () => undefined,
    close: async () => connection.close(),
  };
}
