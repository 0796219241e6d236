/**
 * One TypeBox schema per body documents it and checks it; here are the check and its words.
 *
 * Every fault is found at once, each as a field and a rule that reads as a sentence after it.
 */
import type { Static, TObject } from "typebox";
import { Compile } from "typebox/compile";
import type { TLocalizedValidationError } from "typebox/error";
import { Settings } from "typebox/system";
import type { Fault } from "../domain/errors.ts";
import "./formats.ts";
import { nearest } from "../domain/nearest.ts";
import { describeSchema, type SchemaNode, schemaAt } from "./describe.ts";
import { FAULTS_MAX, FIELD_SHOWN_CHARS_MAX } from "./limits.ts";

/** The default of 8 would hide faults. A union gives several errors for one. */
Settings.Set({ maxErrors: 4 * FAULTS_MAX });

export type Checked<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "faults"; readonly faults: readonly Fault[] };

/** Rules that a schema cannot say, by field; they stand in for the schema's own faults of that field. */
export type FieldRules = Readonly<Record<string, (value: unknown) => readonly Fault[]>>;

export function checker<T extends TObject>(schema: T, rules: FieldRules = {}): (value: unknown) => Checked<Static<T>> {
  const compiled = lazily(() => Compile(schema));
  const rulesByField = Object.entries(rules);
  return (value) => {
    const breaksRules = rulesByField.length > 0 && ruleFaults(rulesByField, value).length > 0;
    if (!breaksRules && compiled().Check(value)) return { kind: "ok", value: value as Static<T> };
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return { kind: "faults", faults: [{ field: "body", rule: "must be a JSON object" }] };
    }
    if (Object.keys(value).length > FAULTS_MAX) {
      return { kind: "faults", faults: [{ field: "body", rule: `must have at most ${FAULTS_MAX} fields` }] };
    }
    const shape = shapeFaults(schema, value, compiled().Errors(value) as TLocalizedValidationError[]);
    const own = shape.filter(({ field }) => !rulesByField.some(([name]) => isWithin(field, name)));
    return { kind: "faults", faults: [...own, ...ruleFaults(rulesByField, value)].slice(0, FAULTS_MAX) };
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

function isWithin(field: string, name: string): boolean {
  return field === name || field.startsWith(`${name}.`) || field.startsWith(`${name}[`);
}

function ruleFaults(rules: readonly [string, (value: unknown) => readonly Fault[]][], body: unknown): Fault[] {
  if (typeof body !== "object" || body === null) return [];
  const fields = new Map(Object.entries(body));
  return rules.flatMap(([name, rule]) => (fields.has(name) ? rule(fields.get(name)) : []));
}

function shapeFaults(schema: TObject, body: object, errors: readonly TLocalizedValidationError[]): Fault[] {
  const missing = errors.flatMap((error) => (error.keyword === "required" ? missingFaults(schema, error) : []));
  const unknown = errors.filter(isUnknownField);
  const inside = [...unknown.map(({ instancePath }) => instancePath), ...errors.flatMap(missingPaths)];
  const bad = deepest(
    errors.filter((error) => !NOT_ABOUT_A_VALUE.has(error.keyword)),
    inside,
  );
  return [
    ...missing,
    ...bad.map((path) => badFault(schema, body, path)),
    ...unknown.map((error) => unknownFault(schema, error)),
  ];
}

const NOT_ABOUT_A_VALUE = new Set(["required", "additionalProperties", "boolean"]);

/** Each unknown field meets the schema `false`. */
function isUnknownField({ keyword, schemaPath }: TLocalizedValidationError): boolean {
  return keyword === "boolean" && schemaPath.endsWith("/additionalProperties");
}

function missingPaths(error: TLocalizedValidationError): string[] {
  if (error.keyword !== "required") return [];
  return error.params.requiredProperties.map((name) => `${error.instancePath}/${name}`);
}

/**
 * The members of a union complain one by one, about the value and about what is in it: the innermost paths say it best.
 *
 * @param inside paths that are told by themselves: of fields that are missing or unknown
 */
function deepest(errors: readonly TLocalizedValidationError[], inside: readonly string[]): string[] {
  const paths = [...new Set(errors.map((error) => error.instancePath))];
  const outer = new Set<string>();
  for (const path of [...paths, ...inside]) {
    for (let at = path.lastIndexOf("/"); at >= 0; at = path.lastIndexOf("/", at - 1)) {
      outer.add(path.slice(0, at));
      if (at === 0) break;
    }
  }
  return paths.filter((path) => !outer.has(path));
}

function badFault(schema: TObject, body: object, path: string): Fault {
  const keys = keysOf(path);
  return { field: fieldName(body, keys), rule: `must be ${describeSchema(schemaAt(schema as SchemaNode, keys))}` };
}

function missingFaults(schema: TObject, error: Extract<TLocalizedValidationError, { keyword: "required" }>): Fault[] {
  const at = keysOf(error.instancePath);
  return error.params.requiredProperties.map((name) => ({
    field: fieldName({}, [...at, name]),
    rule: `is required and must be ${describeSchema(schemaAt(schema as SchemaNode, [...at, name]))}`,
  }));
}

function unknownFault(schema: TObject, error: TLocalizedValidationError): Fault {
  const keys = keysOf(error.instancePath);
  const holder = schemaAt(schema as SchemaNode, keys.slice(0, -1));
  const known = (holder.anyOf ?? [holder]).flatMap(({ properties }) => Object.keys(properties ?? {}));
  const meant = nearest(keys.at(-1) ?? "", known);
  const hint = meant === null ? "" : `; did you mean "${meant}"?`;
  return { field: fieldName({}, keys), rule: `is not a field of this request${hint}` };
}

/** The keys of a JSON pointer (RFC 6901). */
function keysOf(pointer: string): string[] {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** `events[2].type`, as a person would write it. */
function fieldName(root: object, keys: readonly string[]): string {
  let name = "";
  let value: unknown = root;
  for (const key of keys) {
    const shown = key.slice(0, FIELD_SHOWN_CHARS_MAX);
    if (Array.isArray(value)) name += `[${shown}]`;
    else name += name === "" ? shown : `.${shown}`;
    value =
      typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
  }
  return name;
}
