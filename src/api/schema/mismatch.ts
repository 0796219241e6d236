/**
 * Finds what does not match a schema, in the order in which a person would fix it.
 *
 * TypeBox collects every error of every member first: a list of four million zeros took it seconds. Here, a list that is too
 * long is one fault and its items are not checked, and the caller can stop after a few faults.
 */
import { Check } from "typebox/schema";
import type { SchemaNode } from "./describe.ts";

/** A mismatch without its text, which costs more than finding it. */
export interface Mismatch {
  /** Names of fields and indexes of items, from the outside in. */
  readonly path: readonly (string | number)[];
  readonly rule:
    | { readonly kind: "missing" | "invalid"; readonly schema: SchemaNode }
    | { readonly kind: "unknown"; readonly holder: SchemaNode };
}

type Path = Mismatch["path"];

/** The missing fields of an object come first, then the invalid ones, then the unknown ones. */
export function* mismatches(schema: SchemaNode, value: unknown, path: Path = []): Generator<Mismatch, void> {
  if (schema.anyOf !== undefined) yield* mismatchesOfUnion(schema, schema.anyOf, value, path);
  else if (schema.type === "object" && isObject(value)) yield* mismatchesOfFields(schema, value, path);
  else if (schema.type === "array" && fitsLength(schema, value)) yield* mismatchesOfItems(schema.items, value, path);
  else if (isContainer(schema) || !Check(schema, value)) yield { path, rule: { kind: "invalid", schema } };
}

/** If a member matches except for something inside it, that is reported instead of the whole union. */
function* mismatchesOfUnion(
  schema: SchemaNode,
  members: readonly SchemaNode[],
  value: unknown,
  path: Path,
): Generator<Mismatch, void> {
  let inside: { readonly first: Mismatch; readonly rest: Generator<Mismatch, void> } | null = null;
  for (const member of members) {
    const rest = mismatches(member, value, path);
    const first = rest.next();
    if (first.done === true) return;
    if (first.value.path.length > path.length) inside ??= { first: first.value, rest };
  }
  if (inside === null) {
    yield { path, rule: { kind: "invalid", schema } };
  } else {
    yield inside.first;
    yield* inside.rest;
  }
}

function* mismatchesOfFields(schema: SchemaNode, value: object, path: Path): Generator<Mismatch, void> {
  const known = Object.entries(schema.properties ?? {});
  for (const name of schema.required ?? []) {
    const missing = schema.properties?.[name] ?? {};
    if (!Object.hasOwn(value, name)) yield { path: [...path, name], rule: { kind: "missing", schema: missing } };
  }
  for (const [name, child] of known) {
    if (Object.hasOwn(value, name)) yield* mismatches(child, Reflect.get(value, name), [...path, name]);
  }
  const others = Object.values(schema.patternProperties ?? {})[0];
  if (others === undefined && schema.additionalProperties !== false) return;
  for (const name of Object.keys(value)) {
    if (schema.properties !== undefined && Object.hasOwn(schema.properties, name)) continue;
    const at = [...path, name];
    if (others === undefined) yield { path: at, rule: { kind: "unknown", holder: schema } };
    else yield* mismatches(others, Reflect.get(value, name), at);
  }
}

function* mismatchesOfItems(
  items: SchemaNode | undefined,
  value: readonly unknown[],
  path: Path,
): Generator<Mismatch, void> {
  if (items === undefined) return;
  for (const [index, item] of value.entries()) yield* mismatches(items, item, [...path, index]);
}

function fitsLength(
  { minItems = 0, maxItems = Number.POSITIVE_INFINITY }: SchemaNode,
  value: unknown,
): value is readonly unknown[] {
  return Array.isArray(value) && value.length >= minItems && value.length <= maxItems;
}

function isContainer({ type }: SchemaNode): boolean {
  return type === "object" || type === "array";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
