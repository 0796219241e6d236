/**
 * Named schemas in the OpenAPI document. A schema with a `title` moves to `components.schemas` under that title, and a
 * reference replaces it, so that generated clients have one type for each schema.
 */

type Json = Record<string, unknown>;

/** The contents of these keywords are values, even if they look like schemas. */
const VALUES: ReadonlySet<string> = new Set(["const", "default", "enum", "example", "examples"]);

/**
 * Move the titled schemas of the document to its components, and name bodies without a title after their operations.
 *
 * @throws Error if two different schemas have the same title
 */
export function nameComponents<T extends object>(document: T & { paths?: object; components?: object }): T {
  const schemas = new Map<string, unknown>();
  const paths = lifted(withBodyTitles(document.paths ?? {}), schemas);
  const named = Object.fromEntries([...schemas].sort(([one], [other]) => (one < other ? -1 : 1)));
  return { ...document, paths, components: { ...document.components, schemas: named } };
}

function lifted(node: unknown, schemas: Map<string, unknown>): unknown {
  if (Array.isArray(node)) return node.map((item) => lifted(item, schemas));
  if (!isObject(node)) return node;
  const inner = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, VALUES.has(key) ? value : lifted(value, schemas)]),
  );
  return typeof inner.title === "string" ? reference(inner.title, inner, schemas) : inner;
}

function reference(title: string, schema: Json, schemas: Map<string, unknown>): Json {
  const known = schemas.get(title);
  if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema)) {
    throw new Error(`two different schemas have the title ${title}`);
  }
  schemas.set(title, schema);
  return { $ref: `#/components/schemas/${title}` };
}

/** Copies the schemas, since requests are checked against the originals. */
function withBodyTitles(paths: object): object {
  return mapValues(paths, (operations) =>
    mapValues(operations, (operation) => {
      if (!isObject(operation) || typeof operation.operationId !== "string") return operation;
      const name = operation.operationId[0]?.toUpperCase() + operation.operationId.slice(1);
      const { requestBody, responses } = operation as { requestBody?: object; responses?: object };
      return {
        ...operation,
        ...(requestBody !== undefined && { requestBody: withTitle(requestBody, `${name}Input`) }),
        responses: mapValues(responses ?? {}, (response, status) => withTitle(response, `${name}Answer${status}`)),
      };
    }),
  );
}

function withTitle(holder: unknown, title: string): unknown {
  if (!isObject(holder) || !isObject(holder.content)) return holder;
  const content = mapValues(holder.content, (media) => {
    if (!isObject(media) || !isObject(media.schema)) return media;
    const isInline = media.schema.properties !== undefined && media.schema.title === undefined;
    return isInline ? { ...media, schema: { title, ...media.schema } } : media;
  });
  return { ...holder, content };
}

function mapValues(object: object, map: (value: unknown, key: string) => unknown): Json;
function mapValues(object: unknown, map: (value: unknown, key: string) => unknown): unknown;
function mapValues(object: unknown, map: (value: unknown, key: string) => unknown): unknown {
  if (!isObject(object)) return object;
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value, key)]));
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
