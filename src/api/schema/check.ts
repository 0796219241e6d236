/**
 * Checks bodies against their TypeBox schemas, which also document them.
 *
 * A check returns every fault as a field and a rule. Together they read as a sentence. Beyond a limit, faults are only
 * counted, so that a hostile body costs about as much as an ordinary one.
 */
import type { Static, TObject } from "typebox";
import { Compile } from "typebox/schema";
import type { Fault } from "../../domain/errors.ts";
import "./formats.ts";
import { UNLISTED_FAULT } from "../errors/problem.ts";
import { FAULTS_COUNTED_MAX, FAULTS_LISTED_MAX, FIELD_SHOWN_CHARS_MAX, SUGGESTIONS_COUNT_MAX } from "../http/limits.ts";
import { describeSchema, type SchemaNode } from "./describe.ts";
import { suggestField } from "./field-suggestion.ts";
import { type Mismatch, mismatches } from "./mismatch.ts";

export type Checked<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "faults"; readonly faults: readonly Fault[] };

/** Rules that a schema cannot express, by field. If a rule has a fault, the schema's faults of the field are dropped. */
export type FieldRules = Readonly<Record<string, (value: unknown) => readonly Fault[]>>;

export function checker<T extends TObject>(schema: T, rules: FieldRules = {}): (value: unknown) => Checked<Static<T>> {
  const compiled = lazily(() => Compile(schema));
  const rulesByField = new Map(Object.entries(rules));
  return (value) => {
    const ofRules = rulesByField.size === 0 ? [] : ruleFaults(rulesByField, value);
    if (ofRules.length === 0 && compiled().Check(value)) return { kind: "ok", value: value as Static<T> };
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return { kind: "faults", faults: [{ field: "body", rule: "must be a JSON object" }] };
    }
    return { kind: "faults", faults: [...shapeFaults(schema as SchemaNode, value, fieldsOf(ofRules)), ...ofRules] };
  };
}

/** A check whose result is converted, typically from a body to the engine's input. */
export function converted<T, Input>(
  check: (value: unknown) => Checked<T>,
  convert: (value: T) => Input,
): (value: unknown) => Checked<Input> {
  return (value) => {
    const checked = check(value);
    return checked.kind === "faults" ? checked : { kind: "ok", value: convert(checked.value) };
  };
}

/** Created on first use: compiling every schema would take a fifth of the time to start. */
function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function ruleFaults(rules: ReadonlyMap<string, (value: unknown) => readonly Fault[]>, body: unknown): Fault[] {
  if (typeof body !== "object" || body === null) return [];
  return [...rules].flatMap(([name, rule]) => (Object.hasOwn(body, name) ? rule(Reflect.get(body, name)) : []));
}

function fieldsOf(faults: readonly Fault[]): ReadonlySet<string | undefined> {
  return new Set(faults.map(({ field }) => field.split(/[.[]/)[0]));
}

/** @param reported fields that already have faults */
function shapeFaults(schema: SchemaNode, body: object, reported: ReadonlySet<string | undefined>): Fault[] {
  const faults: Fault[] = [];
  let suggestions = 0;
  for (const misfit of mismatches(schema, body)) {
    if (reported.has(String(misfit.path[0]))) continue;
    if (misfit.rule.kind === "unknown") suggestions++;
    faults.push(
      faults.length < FAULTS_LISTED_MAX ? faultOf(misfit, suggestions <= SUGGESTIONS_COUNT_MAX) : UNLISTED_FAULT,
    );
    if (faults.length === FAULTS_COUNTED_MAX) break;
  }
  return faults;
}

function faultOf({ path, rule }: Mismatch, suggest: boolean): Fault {
  const field = fieldName(path);
  switch (rule.kind) {
    case "missing":
      return { field, rule: `is required and must be ${describeSchema(rule.schema)}` };
    case "invalid":
      return { field, rule: `must be ${describeSchema(rule.schema)}` };
    case "unknown": {
      const hint = suggest ? suggestField(String(path.at(-1)), rule.holder) : "";
      return { field, rule: `is not a field of this request${hint}` };
    }
  }
}

/** A path as text, such as `events[2].type`. */
function fieldName(path: Mismatch["path"]): string {
  let name = "";
  for (const step of path) {
    if (typeof step === "number") name += `[${step}]`;
    else name += `${name === "" ? "" : "."}${step.slice(0, FIELD_SHOWN_CHARS_MAX)}`;
  }
  return name;
}
