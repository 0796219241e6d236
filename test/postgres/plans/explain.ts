/** The plan of a statement, as a connection keeps it: for any values. */
import type pg from "pg";
import type { PlanNode } from "./faults.ts";

/**
 * `EXPLAIN (GENERIC_PLAN)` would need PostgreSQL 16.
 *
 * @param client has the settings of a session, which force generic plans
 */
export async function genericPlan(client: pg.Client, text: string): Promise<PlanNode> {
  const count = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
  const values = count === 0 ? "" : `(${Array(count).fill("NULL").join(", ")})`;
  await client.query(`PREPARE explained AS ${text}`);
  try {
    const { rows } = await client.query(`EXPLAIN (FORMAT JSON) EXECUTE explained ${values}`);
    return rows[0]["QUERY PLAN"][0].Plan;
  } finally {
    await client.query("DEALLOCATE explained");
  }
}
