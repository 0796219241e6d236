/** Data that was moved to PostgreSQL stays where it was, but nothing opens it any more. */
import { StartupError } from "../../domain/errors.ts";
import type { Connection } from "../connection.ts";

const PLACE = "SELECT value FROM meta WHERE name = 'moved_to'";

/** @param place the database, without a password */
export function markMoved({ prepare }: Connection, place: string): void {
  prepare("INSERT INTO meta VALUES ('moved_to', ?)").run(place);
}

interface Readable {
  prepare(sql: string): { get(): Readonly<Record<string, unknown>> | undefined };
}

/** @throws StartupError when the data was moved */
export function refuseMoved(data: Readable): void {
  const place = data.prepare(PLACE).get()?.value;
  if (place === undefined) return;
  throw new StartupError(
    `the data was moved to ${place}: set DATABASE_URL to this database, and SIGNALBOX_MASTER_KEY to the same master key`,
    "conflict",
  );
}
