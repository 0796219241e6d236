/**
 * `signalbox admin verify`: what must hold between the rows of a store. It only reads, in one read transaction and in
 * limited steps, so a server can run.
 */
import { TOKENS_PER_NODE } from "../../../domain/delivery/lease-token.ts";
import type { Seq } from "../../../domain/ids.ts";
import type { Connection } from "../../connection.ts";
import { one } from "../../read-connection.ts";
import { stepsOf, type Verification } from "./steps.ts";
import { verifyUsage } from "./usage.ts";

interface Rule {
  readonly rule: string;
  /** With the alias `r`. */
  readonly table: string;
  readonly key: string;
  /**
   * When a row breaks the rule. Other rows are looked up one by one, in subqueries: of a join, PostgreSQL would read all
   * of the other table for each step.
   */
  readonly broken: string;
}

const CHAIN = `
  WITH RECURSIVE chain (seq, length) AS (
    SELECT r.last_attempt_seq, 1
    UNION ALL
    SELECT (SELECT a.previous_seq FROM attempts a WHERE a.seq = chain.seq), chain.length + 1
    FROM chain
    WHERE chain.seq IS NOT NULL AND chain.length <= r.attempts)
  SELECT count(*)
  FROM chain
  WHERE (SELECT a.delivery_seq FROM attempts a WHERE a.seq = chain.seq) = r.seq`;

const RULES: readonly Rule[] = [
  {
    rule: "a delivery has a lease exactly while it is IN_PROGRESS",
    table: "deliveries",
    key: "seq",
    broken: "(r.state = 2) <> (r.lease IS NOT NULL)",
  },
  {
    rule: "a lease is that of a node",
    table: "deliveries",
    key: "seq",
    broken: `r.lease IS NOT NULL AND (SELECT n.is_void FROM nodes n WHERE n.node = r.lease / ${TOKENS_PER_NODE}) IS DISTINCT FROM 0`,
  },
  {
    rule: "a delivery has an end exactly when it waits no more",
    table: "deliveries",
    key: "seq",
    broken: "(r.state > 2) <> (r.ended_at IS NOT NULL)",
  },
  {
    rule: "a delivery is of an event and an endpoint of its tenant",
    table: "deliveries",
    key: "seq",
    broken: `
      (SELECT e.tenant_seq FROM events e WHERE e.seq = r.event_seq) IS DISTINCT FROM r.tenant_seq
      OR (SELECT e.tenant_seq FROM endpoints e WHERE e.seq = r.endpoint_seq) IS DISTINCT FROM r.tenant_seq`,
  },
  {
    rule: "a delivery has as many attempts as it counts",
    table: "deliveries",
    key: "seq",
    broken: `r.attempts <> (${CHAIN})`,
  },
  {
    rule: "an attempt is of a delivery",
    table: "attempts",
    key: "seq",
    broken: "NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.seq = r.delivery_seq)",
  },
  {
    rule: "an event has as many deliveries as it counts",
    table: "events",
    key: "seq",
    // Retention deletes the deliveries of an event in steps, and the event at the end.
    broken: `
      r.first_delivery_seq > coalesce((SELECT value FROM marks WHERE name = 'delivery_seq_deleted'), 0)
      AND r.delivery_count <> (
        SELECT count(*)
        FROM deliveries d
        WHERE d.seq >= r.first_delivery_seq AND d.seq < r.first_delivery_seq + r.delivery_count
          AND d.event_seq = r.seq AND d.later = 0)`,
  },
  {
    rule: "the deliveries of an ACTIVE endpoint are sent",
    table: "lanes",
    key: "endpoint_seq",
    broken: `
      r.ready_at IS NULL
      AND (SELECT e.status FROM endpoints e WHERE e.seq = r.endpoint_seq AND e.deleted_at IS NULL) = 'ACTIVE'
      AND EXISTS (SELECT 1 FROM deliveries d WHERE d.endpoint_seq = r.endpoint_seq AND d.state < 2)`,
  },
  {
    rule: "no delivery waits before the head of its lane",
    table: "lanes",
    key: "endpoint_seq",
    broken: `
      EXISTS (
        SELECT 1
        FROM deliveries d
        WHERE d.endpoint_seq = r.endpoint_seq AND d.state < 2 AND (r.head_due IS NULL OR d.due_at < r.head_due))`,
  },
  {
    rule: "an ACTIVE endpoint holds nothing",
    table: "lanes",
    key: "endpoint_seq",
    broken: `
      (r.held_since IS NOT NULL OR r.held_bytes <> 0)
      AND (SELECT e.status FROM endpoints e WHERE e.seq = r.endpoint_seq AND e.deleted_at IS NULL) = 'ACTIVE'`,
  },
];

/** One verification for each rule. The connection is in a read transaction. */
export function verify(connection: Connection): readonly Verification[] {
  return [...RULES.map((rule) => verifyRule(connection, rule)), ...verifyUsage(connection)];
}

function verifyRule(connection: Connection, { rule, table, key, broken }: Rule): Verification {
  let rows = 0;
  let wrong = 0;
  let first: Seq | null = null;
  for (const step of stepsOf(connection, table, key)) {
    const found = one<{ wrong: number; first: Seq | null }>(
      connection,
      `SELECT count(*) AS wrong, min(r.${key}) AS first FROM ${table} r WHERE r.${key} >= ? AND r.${key} <= ? AND (${broken})`,
      step.first,
      step.last,
    );
    rows += step.rows;
    wrong += found?.wrong ?? 0;
    first ??= found?.first ?? null;
  }
  return { rule, rows, wrong, first };
}
