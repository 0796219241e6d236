/**
 * One TypeBox schema per body documents it and checks it; here are the check and its words.
 *
 * One answer names every fault, each as a field and a rule that reads as a sentence after it. Past a bound the faults are
 * counted, so that a hostile body costs about as much as an honest one.
 */
import type { Static, TObject } from "typebox";
import { Compile } from "typebox/compile";
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

/** Rules that a schema cannot say, by field; a fault of theirs stands in for the schema's own faults of that field. */
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

/** Made when it is first asked for: compiling every schema would be a fifth of a start. */
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

/** @param told fields of the body that have faults already */
function shapeFaults(schema: SchemaNode, body: object, told: ReadonlySet<string | undefined>): Fault[] {
  const faults: Fault[] = [];
  let suggestions = 0;
  for (const misfit of mismatches(schema, body)) {
    if (told.has(String(misfit.path[0]))) continue;
    if (misfit.rule.kind === "unknown") suggestions++;
    faults.push(
      faults.length < FAULTS_LISTED_MAX ? faultOf(misfit, suggestions <= SUGGESTIONS_COUNT_MAX) : UNLISTED_FAULT,
    );
    if (faults.length === FAULTS_COUNTED_MAX) break;
  }
  return faults;
}

function faultOf({ path, rule }: Mismatch, mayGuess: boolean): Fault {
  const field = fieldName(path);
  switch (rule.kind) {
    case "missing":
      return { field, rule: `is required and must be ${describeSchema(rule.schema)}` };
    case "bad":
      return { field, rule: `must be ${describeSchema(rule.schema)}` };
    case "unknown": {
      const hint = mayGuess ? suggestField(String(path.at(-1)), rule.holder) : "";
      return { field, rule: `is not a field of this request${hint}` };
    }
  }
}

/** `events[2].type`, as a person would write it. */
function fieldName(path: Mismatch["path"]): string {
  let name = "";
  for (const step of path) {
    if (typeof step === "number") name += `[${step}]`;
    else name += `${name === "" ? "" : "."}${step.slice(0, FIELD_SHOWN_CHARS_MAX)}`;
  }
  return name;
}
