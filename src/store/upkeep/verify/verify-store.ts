/** Opens a store for its verification. A server may run on it. */
import type { DatabaseAddress } from "../../../domain/database-address.ts";
import { StartupError } from "../../../domain/errors.ts";
import type { Connection } from "../../connection.ts";
import { checkSchema } from "../../postgres/command-line-store.ts";
import { connectionOptions } from "../../postgres/connect.ts";
import { Connections } from "../../postgres/connections.ts";
import { openPostgres } from "../../postgres/database.ts";
import { isBehind, openConnection } from "../../sqlite/connection.ts";
import { existingData, openFault } from "../../sqlite/files/files.ts";
import { refuseMoved } from "../../sqlite/moved.ts";
import type { Verification } from "./steps.ts";
import { verify } from "./verify.ts";

/** @throws StartupError when there is no data, or another version wrote it */
export function verifySqlite(dataDir: string): readonly Verification[] {
  const { database } = existingData(dataDir);
  let connection: Connection | null = null;
  try {
    const opened = openConnection(database, "read");
    connection = opened;
    const found = connection.prepare("PRAGMA quick_check(1)").get()?.quick_check;
    if (found !== "ok")
      throw new StartupError(`${database} is damaged (${String(found).replaceAll("\n", " ")}): restore a backup`);
    if (isBehind(opened)) {
      throw new StartupError(`an older Signalbox wrote the data in ${dataDir}: start this version once, and try again`);
    }
    refuseMoved(connection);
    connection.begin("read");
    return verify(connection);
  } catch (error) {
    throw openFault(database, error);
  } finally {
    connection?.close();
  }
}

/** @throws StartupError when the database cannot be read, or has no data of this version */
export async function verifyPostgres(database: DatabaseAddress): Promise<readonly Verification[]> {
  const options = connectionOptions(database);
  await checkSchema(options);
  const connections = await Connections.start((error) => {
    throw error;
  });
  const connection = openPostgres(connections.open(options));
  try {
    connection.begin("read");
    const verifications = verify(connection);
    connection.commit();
    return verifications;
  } catch (error) {
    const fault = connection.faultOf(error);
    throw fault?.kind === "passing"
      ? new StartupError(`the database cannot be read: ${fault.message}`, "unreachable")
      : error;
  } finally {
    connection.close();
    await connections.close();
  }
}
