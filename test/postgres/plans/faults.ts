/** What is wrong with a plan: it reads a whole table that grows, or all rows of a tenant to find a few of them. */

/** A node of `EXPLAIN (FORMAT JSON)`. */
export interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly Filter?: string;
  readonly "Join Filter"?: string;
  readonly Plans?: readonly PlanNode[];
}

/** Their rows do not grow with what the store is used for, or are few. */
const SMALL = new Set(["meta", "marks", "nodes", "receipt_keys", "schema_version", "sources", "tenants", "turn"]);
/** Columns that few rows have in common. */
const SELECTIVE = "id|seq|hash|event_seq|delivery_seq|last_attempt_seq|pause_id|inbound_seq|lease|head";
/** Columns that many rows have in common, and by which rows are found. */
const SHARED = "tenant_seq|endpoint_seq|type_seq|source_seq|user_seq|subject_id|actor_id|owner";

const names = (columns: string, comparison: string) => new RegExp(`(?<!\\w)(?:\\w+\\.)?(?:${columns}) ${comparison}`);
const IS_SELECTIVE = names(SELECTIVE, "= ");
const SEQ_FROM = names("seq", ">=? ");
const SEQ_TO = names("seq", "<=? ");
const IS_KEY = names(`${SELECTIVE}|${SHARED}`, "(?:= |IS NULL)");
const JOINS_COLUMNS = /\w+\.\w+ = (?:\w+\.|\()/;

/** Nodes that pass rows on as they come, so that a LIMIT above them ends what is below them. */
const STREAMS = new Set(["Limit", "Nested Loop", "Append", "Merge Append", "Subquery Scan", "Result", "LockRows"]);

/** @param limited whether a LIMIT ends the plan early */
export function planFaults(plan: PlanNode, limited = false): readonly string[] {
  const type = plan["Node Type"];
  const { Plans: children = [] } = plan;
  const isLimited = type === "Limit" || (limited && STREAMS.has(type));
  const fault = joinFault(plan) ?? scanFault(plan, limited);
  const below = children.flatMap((child) => planFaults(child, isLimited));
  return fault === null ? below : [fault, ...below];
}

function joinFault({ "Node Type": type, "Join Filter": filter = "", Plans: [, inner] = [] }: PlanNode): string | null {
  if (/Hash Join|Merge Join|Bitmap|Gather/.test(type)) return type;
  if (!JOINS_COLUMNS.test(filter) || inner === undefined || isSelective(inner)) return null;
  return `joins without a key: ${filter}`;
}

function isSelective({ "Node Type": type, "Index Cond": condition = "", Plans: [outer] = [] }: PlanNode): boolean {
  if (type === "Nested Loop" && outer !== undefined) return isSelective(outer);
  return IS_SELECTIVE.test(condition) || (SEQ_FROM.test(condition) && SEQ_TO.test(condition));
}

function scanFault(plan: PlanNode, limited: boolean): string | null {
  const { "Node Type": type, "Relation Name": table, Filter: filter = "", "Index Cond": condition = "" } = plan;
  if (table === undefined || SMALL.has(table) || table.startsWith("pg_")) return null;
  if (type === "Seq Scan") return `reads all of ${table}`;
  if (!type.startsWith("Index") || isSelective(plan)) return null;
  const index = plan["Index Name"];
  if (condition === "") return limited && filter === "" ? null : `reads all of ${index} to find ${filter}`;
  return IS_KEY.test(filter) ? `reads ${index} by ${condition} to find ${filter}` : null;
}

/** The indexes that SQLite has to use for a statement, unless the plan finds the row by its key. */
export function unusedIndexes(text: string, plan: PlanNode): readonly string[] {
  const scans = scansOf(plan);
  const used = scans.map((scan) => scan["Index Name"]);
  const named = [...text.matchAll(/\/\* (\w+) \*\//g)].flatMap(([, name]) => name ?? []);
  if (scans.every(isSelective)) return [];
  return named.filter((name) => !used.includes(name)).map((name) => `does not use ${name}, but ${used.join(", ")}`);
}

/** The nodes that read an index. */
export function scansOf(plan: PlanNode): readonly PlanNode[] {
  const below = (plan.Plans ?? []).flatMap(scansOf);
  return plan["Index Name"] === undefined ? below : [plan, ...below];
}
