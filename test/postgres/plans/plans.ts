/**
 * Every statement that the conformance suite prepares finds its rows by key on PostgreSQL, whatever is known of the
 * tables: a plan is kept for as long as its connection, and statistics can be missing, out of date or fresh.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type pg from "pg";
import type { DatabaseAddress } from "../../../src/domain/database-address.ts";
import { SESSION_SETTINGS } from "../../../src/store/postgres/client.ts";
import { connect, connectionOptions } from "../../../src/store/postgres/connect.ts";
import { genericPlan } from "./explain.ts";
import { planFaults, unusedIndexes } from "./faults.ts";
import { fillTables, keepFew } from "./rows.ts";
import type { SentTexts } from "./sent-texts.ts";

export interface PlansGround {
  createDatabase(): Promise<DatabaseAddress>;
  /** What the conformance suite has sent. */
  readonly sent: SentTexts;
}

type Exceptions = readonly (readonly [what: RegExp, reason: string])[];

/** Faults that are none. Each is matched with the statement and the fault. */
const ALLOWED: Exceptions = [
  [
    /reads (?:all of )?deliveries_leased (?:by|to find) /,
    "no more deliveries are leased than the nodes hold in memory",
  ],
  [/reads all of jobs_running to find/, "few jobs run at a time"],
  [/reads all of notifications_claimed to find/, "few notifications are on their way at a time"],
  [/FROM terminals (?:WHERE (?:network|expires_at)|→)/, "no more terminals wait than strangers may store"],
  [/FROM listeners WHERE tenant_seq/, "a tenant has a hundred listeners at most"],
  [/FROM forwarded_reports/, "a report is taken a moment after it was left"],
  [/FROM ledger_segments ORDER BY/, "once for each start, with a row for thousands of deliveries"],
  [/role = 'global_admin'/, "before somebody takes the rights of a global administrator away"],
  [
    /FROM endpoints e JOIN lanes l .* reads all of (?:endpoints|lanes)_/,
    "the metrics count the backlogs of all tenants",
  ],
  [/tenant_seq IS NULL/, "few requests of unknown senders are kept"],
];
/** Those of a small table that others refer to. */
const ALLOWED_SMALL: Exceptions = [
  [/jobs_running, but jobs_of_tenant/, "the jobs of a tenant, while there are few"],
  [/t.seq = v.type_seq|event_types_pkey/, "a small table is read as fast as an index"],
];
/** Those of tables that were never analyzed, or only while they were empty. The first ANALYZE ends them. */
const ALLOWED_UNANALYZED: Exceptions = [
  [/reads audit_of_tenant by|audit_of_\w+, but audit_of_/, "the audit is read by people, within a span of time"],
  [/inbound_refused_of_tenant/, "few refused requests are kept"],
  [/endpoints_of_tenant, but endpoints_matched/, "it reads the same span of endpoints, with those of other tenants"],
  [/sources_by_name/, "there are few sources"],
];

/** Those of PostgreSQL before 17. */
const ALLOWED_UNANALYZED_OLD: Exceptions = [[/reads counters_pkey by/, "there are few hours before the first ANALYZE"]];

export function planCases({ createDatabase, sent }: PlansGround): void {
  describe("plans", () => {
    let client: pg.Client;
    before(async () => {
      client = await connect(connectionOptions(await createDatabase()));
      await client.query(SESSION_SETTINGS);
      for (const text of sent.creations) await client.query(text);
    });
    after(() => client.end());

    const met = new Set<Exceptions[number]>();
    const unanalyzed = [...ALLOWED, ...ALLOWED_UNANALYZED, ...ALLOWED_UNANALYZED_OLD];
    const states: readonly (readonly [string, () => Promise<unknown>, Exceptions])[] = [
      ["tables are empty and were never analyzed", async () => undefined, unanalyzed],
      [
        "statistics are those of empty tables",
        async () => {
          await client.query("ANALYZE");
          await fillTables(client);
        },
        unanalyzed,
      ],
      ["statistics are fresh", () => client.query("ANALYZE"), ALLOWED],
      ["tables are vacuumed", () => client.query("VACUUM ANALYZE"), ALLOWED],
      [
        "the tables that others refer to are small",
        async () => {
          await keepFew(client);
          await client.query("VACUUM ANALYZE");
        },
        [...ALLOWED, ...ALLOWED_SMALL],
      ],
    ];
    for (const [state, reach, allowed] of states) {
      test(`no statement reads a whole table while ${state}`, async () => {
        await reach();
        const faults: string[] = [];
        for (const text of sent.prepared) {
          const plan = await genericPlan(client, text);
          for (const fault of [...planFaults(plan), ...unusedIndexes(text, plan)]) {
            const shown = `${text.replaceAll(/\s+/g, " ")} → ${fault}`;
            const exception = allowed.find(([what]) => what.test(shown));
            if (exception === undefined) faults.push(shown);
            else met.add(exception);
          }
        }
        assert.deepEqual(faults, []);
      });
    }

    test("every exception is needed", () => {
      const unmet = [...ALLOWED, ...ALLOWED_SMALL, ...ALLOWED_UNANALYZED].filter((exception) => !met.has(exception));
      assert.deepEqual(unmet, []);
    });
  });
}
