/**
 * The verbs' SQL is written once, in the part of SQL that both stores understand. This module translates the few forms
 * that only SQLite has.
 */

export interface Translated {
  /** @param casts one for each parameter, such as `::int8`; empty when PostgreSQL infers the type */
  text(casts: readonly string[]): string;
  /** The names of named parameters, in the order of their numbers; null for a statement with positional ones. */
  readonly names: readonly string[] | null;
}

/** Forms that are the same everywhere in a statement, each with what it becomes. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  // The planner of PostgreSQL takes no orders. A test compares them with what it does.
  [/ INDEXED BY (\w+)/g, " /* $1 */"],
  [/ NOT INDEXED\b/g, ""],
  [/\bCROSS JOIN (\w+(?: \w+)?(?:\([^)]*\))?(?: \w+)?(?: \/\*[^*]*\*\/)?)(\s+)ON\b/g, "JOIN $1$2ON"],
  // Only ASCII letters have a case, as in SQLite. In a Unicode locale the Kelvin sign would be a `k`. The column has the
  // collation C anyway.
  [/(\w+) = \? COLLATE NOCASE/g, 'lower($1) = lower(? COLLATE "C")'],
  [/\bifnull\(/g, "coalesce("],
  [/\binstr\(/g, "strpos("],
  [/\bLIMIT -1\b/g, "LIMIT ALL"],
  [/\bINTEGER\b/g, "bigint"],
  // An array is looked up in an index, value by value. A subquery may be joined in the other order.
  [
    /(?<!\bNOT )\bIN \(SELECT (value|CAST\(value AS bigint\)) FROM json_each\((\?|:\w+)\)\)/g,
    "= ANY (ARRAY(SELECT $1 FROM json_each($2)))",
  ],
  [/\bjson_each\(/g, "each_value("],
  // The planner does not see the other conditions on rows that are found by their own keys. For many keys, or a table that
  // was empty when the plan was made, it would use an index of one of them.
  [
    /(?<!\w)((?:\w\.)?)((?:seq|id|hash) (?:= \?|IN \(\?(?:, \?)*\))) AND (\1\w+ (?:= \?|IS NULL)(?: AND \1\w+ (?:= \?|IS NULL))*)/g,
    "$1$2 AND ($3) IS TRUE",
  ],
];

/** @throws when a statement mixes both kinds of parameters */
export function toPostgres(sql: string): Translated {
  const formed = FORMS.reduce((text, [form, becomes]) => text.replace(form, becomes), greatest(sql));
  return numbered(formed);
}

/** Quoted texts, comments and parameters. A colon that follows a colon is a cast. */
const TOKENS = /'(?:[^']|'')*'|--[^\n]*|::|\?(\d*)|:([a-zA-Z]\w*)/g;

function numbered(sql: string): Translated {
  const names: string[] = [];
  let positional = 0;
  const parts: (string | number)[] = [];
  let end = 0;
  for (const { 0: token, 1: number, 2: name, index } of sql.matchAll(TOKENS)) {
    if (number === undefined && name === undefined) continue;
    parts.push(sql.slice(end, index), name === undefined ? position(number) : nameIndex(name));
    end = index + token.length;
  }
  parts.push(sql.slice(end));
  if (names.length > 0 && positional > 0) throw new Error("a statement has both named and positional parameters");

  function position(number: string | undefined): number {
    positional += 1;
    return number === undefined || number === "" ? positional : Number(number);
  }
  function nameIndex(name: string): number {
    if (!names.includes(name)) names.push(name);
    return names.indexOf(name) + 1;
  }
  return {
    text: (casts) =>
      parts.map((part) => (typeof part === "string" ? part : `$${part}${casts[part - 1] ?? ""}`)).join(""),
    names: names.length > 0 ? names : null,
  };
}

const SCALAR = { max: "greatest", min: "least" } as const;

/** SQLite's `max` of several values is `greatest`. With one value, both have the aggregate. */
function greatest(sql: string): string {
  return sql.replace(/\b(max|min)\(/g, (call, name: "max" | "min", offset: number) =>
    countArguments(sql, offset + call.length) > 1 ? `${SCALAR[name]}(` : call,
  );
}

function countArguments(sql: string, from: number): number {
  let depth = 1;
  let count = 1;
  for (let index = from; depth > 0 && index < sql.length; index += 1) {
    const character = sql[index];
    if (character === "(") depth += 1;
    else if (character === ")") depth -= 1;
    else if (character === "," && depth === 1) count += 1;
  }
  return count;
}
