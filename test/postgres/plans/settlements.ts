/** How PostgreSQL finds the rows of statements that run for each event. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DatabaseAddress } from "../../../src/domain/database-address.ts";
import { DELIVER_FIRST } from "../../../src/store/delivery/settle.ts";
import { SESSION_SETTINGS } from "../../../src/store/postgres/client.ts";
import { connect, connectionOptions } from "../../../src/store/postgres/connect.ts";
import { rowsAtOnce } from "../../../src/store/postgres/rows-at-once.ts";
import { genericPlan } from "./explain.ts";
import { scansOf } from "./faults.ts";

export interface PlansGround {
  createDatabase(): Promise<DatabaseAddress>;
}

const FILL = `
  INSERT INTO deliveries
    (seq, id, event_seq, endpoint_seq, tenant_seq, type_seq, state, format, ordered, created_at, due_at, lease,
     claims, attempts, attempts_before_run, claims_before_run, cancel_requested, later)
  SELECT n, decode(md5(n::text), 'hex'), n, 1, 1, 1, 2, 0, 0, 0, 0, n, 1, 0, 0, 0, 0, 0
  FROM generate_series(1, 1000) AS n`;

export function settlementPlanCases({ createDatabase }: PlansGround): void {
  describe("plans of settlements", () => {
    // A plan is kept for as long as the connection, and a node makes most of its plans while the tables are empty.
    test("settlements find deliveries by sequence: in an empty table, and when all deliveries are leased", async () => {
      const client = await connect(connectionOptions(await createDatabase()));
      const int8 = ["last_attempt_at", "last_attempt_seq", "ended_at", "seq", "lease"] as const;
      const statement = rowsAtOnce(DELIVER_FIRST, new Map(int8.map((column) => [column, "int8"])));
      const indexes = async () => {
        const plan = await genericPlan(client, statement?.text ?? "");
        return scansOf(plan).map((scan) => scan["Index Name"]);
      };
      try {
        await client.query(SESSION_SETTINGS);
        assert.deepEqual(await indexes(), ["deliveries_pkey"]);
        await client.query(FILL);
        await client.query("ANALYZE deliveries");
        assert.deepEqual(await indexes(), ["deliveries_pkey"]);
      } finally {
        await client.end();
      }
    });
  });
}
