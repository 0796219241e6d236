/** What the user of the database may do with the schema. PostgreSQL itself would complain later, and about one table at a time. */
import pg from "pg";
import { StartupError } from "../../../domain/errors.ts";

const RIGHTS = `
  WITH tables AS (
    SELECT oid, relname AS name, pg_get_userbyid(relowner) AS owner, relowner
    FROM pg_class
    WHERE relnamespace = to_regnamespace('signalbox') AND relkind = 'r'
  ),
  lacking AS (
    SELECT name, owner
    FROM tables
    WHERE EXISTS (
      SELECT 1
      FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
      WHERE NOT has_table_privilege(oid, privilege)
    )
  )
  SELECT
    current_user AS user,
    owner,
    pg_has_role(relowner, 'USAGE') AS owns,
    (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'signalbox') AS "ownerOfSchema",
    has_schema_privilege('signalbox', 'USAGE') AS enters,
    (SELECT count(DISTINCT owner)::int FROM tables) AS owners,
    (SELECT coalesce(json_agg(lacking ORDER BY name), '[]') FROM lacking) AS lacking
  FROM tables
  WHERE name = 'schema_version'`;

interface Rights {
  readonly user: string;
  readonly owner: string;
  /** Whether the user is the owner, or has the owner's rights. */
  readonly owns: boolean;
  readonly ownerOfSchema: string;
  /** Whether the user may use the schema. */
  readonly enters: boolean;
  /** How many users own a table. */
  readonly owners: number;
  /** The tables that the user may not read or write. */
  readonly lacking: readonly { readonly name: string; readonly owner: string }[];
}

async function readRights(client: pg.Client): Promise<Rights | undefined> {
  return (await client.query<Rights>(RIGHTS)).rows[0];
}

const GRANT = "GRANT SELECT, INSERT, UPDATE, DELETE ON";
const ALL_TABLES = "ALL TABLES IN SCHEMA signalbox";

/** Which right the user lacks, and who can grant it how; null when it lacks none. */
function lackOf({ user, ownerOfSchema, enters, owners, lacking }: Rights): string | null {
  const to = `TO ${identifier(user)}`;
  if (!enters) {
    return (
      `the user ${user} lacks a right on the schema signalbox: let ${ownerOfSchema} run ` +
      `\`GRANT USAGE ON SCHEMA signalbox ${to}; ${GRANT} ${ALL_TABLES} ${to}\``
    );
  }
  const [first] = lacking;
  if (first === undefined) return null;
  const { name, owner } = first;
  const ofOwner = lacking
    .filter((table) => table.owner === owner)
    .map((table) => `signalbox.${identifier(table.name)}`);
  return (
    `the user ${user} lacks a right on the table signalbox.${name} of the user ${owner}: let ${owner} run ` +
    `\`${GRANT} ${owners === 1 ? ALL_TABLES : ofOwner.join(", ")} ${to}\``
  );
}

/** Which right the user lacks, after PostgreSQL refused a statement; null when it has all that a node needs. */
export async function lackedRight(client: pg.Client): Promise<string | null> {
  const rights = await readRights(client);
  return rights === undefined ? null : lackOf(rights);
}

/**
 * Whether there is a schema.
 *
 * @throws StartupError when the user may not do with the schema what a node does
 */
export async function isThere(client: pg.Client): Promise<boolean> {
  const rights = await readRights(client);
  if (rights === undefined) return false;
  const lack = lackOf(rights);
  if (lack !== null) throw new StartupError(lack);
  return true;
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
