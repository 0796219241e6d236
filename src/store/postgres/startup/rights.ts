/** What the user of the database may do with the schema. PostgreSQL itself would complain later, and about one table at a time. */
import pg from "pg";
import { StartupError } from "../../../domain/errors.ts";

// A node also creates tables: idempotency keys are in one table per day.
const RIGHTS = `
  WITH tables AS (
    SELECT oid, relname, relowner
    FROM pg_class
    WHERE relnamespace = to_regnamespace('signalbox') AND relkind = 'r'
  )
  SELECT
    current_user AS user,
    pg_get_userbyid(relowner) AS owner,
    pg_has_role(relowner, 'USAGE') AS owns,
    has_schema_privilege('signalbox', 'USAGE') AND has_schema_privilege('signalbox', 'CREATE') AND NOT EXISTS (
      SELECT 1
      FROM tables, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
      WHERE NOT has_table_privilege(tables.oid, privilege)
    ) AS uses
  FROM tables
  WHERE relname = 'schema_version'`;

interface Rights {
  readonly user: string;
  readonly owner: string;
  /** Whether the user is the owner, or has the owner's rights. */
  readonly owns: boolean;
  readonly uses: boolean;
}

async function readRights(client: pg.Client): Promise<Rights | undefined> {
  return (await client.query<Rights>(RIGHTS)).rows[0];
}

/**
 * Whether there is a schema.
 *
 * @throws StartupError when the user may not do with the schema what a node does
 */
export async function isThere(client: pg.Client): Promise<boolean> {
  const rights = await readRights(client);
  if (rights === undefined) return false;
  if (rights.uses) return true;
  const user = identifier(rights.user);
  throw new StartupError(
    `the user ${user} lacks a right on the schema signalbox: let ${rights.owner} run ` +
      `\`GRANT USAGE, CREATE ON SCHEMA signalbox TO ${user}; ` +
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA signalbox TO ${user}\``,
  );
}

/** @throws StartupError when there is a schema, which only another user can change */
export async function checkOwner(client: pg.Client): Promise<void> {
  const rights = await readRights(client);
  if (rights === undefined || rights.owns) return;
  throw new StartupError(
    `the schema signalbox is that of an older version, and only its owner can bring it up to date: ` +
      `start one node as ${rights.owner} first`,
  );
}

/** A name as SQL has it. */
export function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : pg.escapeIdentifier(name);
}
