/** `signalbox admin backup|restore|verify|migrate-store`: commands on a whole store. */
import type { Command } from "./command.ts";

const BACKUP: Command = {
  group: "backup",
  action: null,
  operand: "FILE",
  options: { force: { value: null, about: "replace an existing file" } },
  about: "copy the data to a file and verify the copy; the server can keep running",
  prepare(args) {
    const file = args.file();
    const overwrites = args.flag("force");
    return async ({ stores }) => {
      const { masterKey, ...backup } = stores.backUp(file, overwrites);
      return { kind: "one", fields: { ...backup, master_key: masterKey } };
    };
  },
};

const RESTORE: Command = {
  group: "restore",
  action: null,
  operand: "FILE",
  options: { force: { value: null, about: "replace data that is there" } },
  about: "verify a backup and restore the data from it; the server must be stopped",
  prepare(args) {
    const file = args.file();
    const overwrites = args.flag("force");
    return async ({ stores }) => ({ kind: "one", fields: { ...stores.restore(file, overwrites) } });
  },
};

const VERIFY: Command = {
  group: "verify",
  action: null,
  operand: null,
  options: {},
  about: "check that the rows of the data agree with each other; the server can keep running",
  prepare:
    () =>
    async ({ stores }) => {
      const rows = (await stores.verify()).map((verified) => ({ ...verified }));
      const broken = rows.filter(({ wrong }) => wrong > 0).length;
      if (broken === 0) return { kind: "list", rows };
      return { kind: "list", rows, failed: `${broken} of ${rows.length} rules are broken: report this as a bug` };
    },
};

const MIGRATE_STORE: Command = {
  group: "migrate-store",
  action: null,
  operand: null,
  options: { to: { value: "URL", about: "an empty PostgreSQL database, as in DATABASE_URL", required: true } },
  about: "move the data to PostgreSQL; the server must be stopped",
  prepare(args) {
    const url = args.databaseUrl("to");
    return async ({ stores }) => {
      const { isMoved, comparisons, startCommand } = await stores.moveTo(url);
      const rows = comparisons.map((comparison) => ({ ...comparison }));
      if (isMoved) return { kind: "list", rows, note: startNote(startCommand) };
      const checks = rows.filter(({ same }) => !same).map(({ check }) => check);
      return {
        kind: "list",
        rows,
        failed: `the copy differs (${checks.join("; ")}), so nothing was moved: the database is empty again`,
      };
    };
  },
};

export const STORE_COMMANDS: readonly Command[] = [BACKUP, RESTORE, VERIFY, MIGRATE_STORE];

function startNote(startCommand: string): string {
  const fill = startCommand.includes(":PASSWORD@") ? ", with the password of the database in place of PASSWORD" : "";
  return `the data has been moved; start the server on it like this${fill}:\n  ${startCommand}`;
}
