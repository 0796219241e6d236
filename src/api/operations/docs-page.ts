/** The OpenAPI document as a page for people: no script, nothing from elsewhere. Pure. */
import { type Html, html, NOTHING } from "../../pages/html.ts";
import { describeSchema, type SchemaNode } from "../describe.ts";

/** The parts of an OpenAPI 3 document that the page shows. */
export interface OpenApiDocument {
  readonly info?: { readonly title?: string; readonly version?: string; readonly description?: string };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content?: Content };
  readonly responses?: Readonly<Record<string, Answer>>;
}

interface Answer {
  readonly description?: string;
  readonly content?: Content;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: DocumentedSchema;
}

type Content = Readonly<Record<string, { readonly schema?: DocumentedSchema }>>;

interface DocumentedSchema extends SchemaNode {
  readonly description?: string;
  readonly default?: unknown;
  readonly required?: readonly string[];
}

interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly schema: DocumentedSchema;
}

const METHODS = ["get", "post", "put", "patch", "delete"];
const UNTAGGED = "Other";
/** Deeper fields are described in words by the field above them. */
const FIELD_DEPTH_MAX = 4;

export function docsPage(document: OpenApiDocument): string {
  const groups = Map.groupBy(routesOf(document), ({ operation }) => operation.tags?.[0] ?? UNTAGGED);
  const title = document.info?.title ?? "API";
  const names = [...groups.keys()];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}: the API</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<header>
<h1>${title} <small>${document.info?.version ?? ""}</small></h1>
<p>${document.info?.description ?? ""}</p>
<p>For machines: <a href="/openapi.json">openapi.json</a></p>
<nav aria-label="Sections"><ul>${names.map((name) => html`<li><a href="#${slug(name)}">${name}</a></li>`)}</ul></nav>
</header>
<main>${[...groups].map(([name, routes]) => section(name, routes))}</main>
</body>
</html>
`.text;
}

function routesOf(document: OpenApiDocument): Route[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, operations]) =>
    METHODS.filter((method) => method in operations).map((method) => ({
      method: method.toUpperCase(),
      path,
      operation: operations[method] as Operation,
    })),
  );
}

function section(name: string, routes: readonly Route[]): Html {
  return html`
<section aria-labelledby="${slug(name)}"><h2 id="${slug(name)}">${name}</h2>${routes.map(route)}</section>`;
}

function route({ method, path, operation }: Route): Html {
  return html`
<details id="${slug(`${method} ${path}`)}">
<summary><code><b>${method}</b> ${path}</code> <span>${prose(operation.summary ?? "")}</span></summary>
${operation.description === undefined ? "" : html`<p>${prose(operation.description)}</p>`}
${operation.security?.length === 0 ? html`<p>Needs no key.</p>` : ""}
${parameters(operation.parameters ?? [])}
${body("Body", operation.requestBody?.content)}
${answers(Object.entries(operation.responses ?? {}))}
</details>`;
}

/** Good answers with their fields; the others, whose body is always the same, as a list. */
function answers(given: readonly (readonly [string, Answer])[]): Html[] {
  const good = given.filter(([status]) => status < "400");
  const bad = given.filter(([status]) => status >= "400");
  const shown = good.map(([status, answer]) => body(`${status} ${meaningOf(answer)}`, answer.content));
  if (bad.length === 0) return shown;
  const errors = bad.map(([status, answer]) => html`<li>${status} ${prose(meaningOf(answer))}</li>`);
  return [...shown, html`<h3>Errors</h3><ul>${errors}</ul>`];
}

/** Without the text that stands where a route said nothing. */
function meaningOf({ description = "" }: Answer): string {
  return description === "Default Response" ? "" : description;
}

function parameters(given: readonly Parameter[]): Html {
  return fieldList(
    "Parameters",
    given.map(({ name, in: place, required = false, description, schema = {} }) => ({
      name: place === "path" ? `{${name}}` : place === "query" ? `?${name}` : name,
      required,
      schema: description === undefined ? schema : { ...schema, description },
    })),
  );
}

function body(title: string, content: Content | undefined): Html {
  const schema = Object.values(content ?? {})[0]?.schema;
  const fields = schema === undefined ? [] : fieldsOf(schema, "", 1);
  if (fields.length > 0) return fieldList(title, fields);
  if (schema === undefined) return title === "Body" ? NOTHING : html`<h3>${prose(title)}</h3>`;
  return html`<h3>${prose(title)}</h3><p>${prose(describeSchema(schema))}</p>`;
}

/** The fields of a schema as rows, nested ones with the whole way to them. */
function fieldsOf(schema: DocumentedSchema, above: string, depth: number): Field[] {
  if (schema.anyOf !== undefined) return schema.anyOf.flatMap((branch) => fieldsOf(branch, above, depth));
  if (schema.items !== undefined) return fieldsOf(schema.items, `${above}[]`, depth);
  return Object.entries<DocumentedSchema>(schema.properties ?? {}).flatMap(([key, child]) => {
    const name = above === "" ? key : `${above}.${key}`;
    const own = { name, required: schema.required?.includes(key) === true, schema: child };
    return depth < FIELD_DEPTH_MAX ? [own, ...fieldsOf(child, name, depth + 1)] : [own];
  });
}

function fieldList(title: string, fields: readonly Field[]): Html {
  if (fields.length === 0) return NOTHING;
  const rows = fields.map(
    ({ name, required, schema }) => html`
<div><dt><code>${name}</code>${required ? html` <small>required</small>` : NOTHING}</dt><dd>${prose(meaning(schema))}</dd></div>`,
  );
  return html`<h3>${prose(title)}</h3><dl>${rows}</dl>`;
}

/** Words between backticks are code. */
function prose(text: string): Html[] {
  return text.split(/`([^`]+)`/).map((part, index) => (index % 2 === 0 ? html`${part}` : html`<code>${part}</code>`));
}

function meaning(schema: DocumentedSchema): string {
  const sentences = [describeSchema(schema)];
  if (schema.default !== undefined) sentences.push(`default ${JSON.stringify(schema.default)}`);
  if (schema.description !== undefined) sentences.push(schema.description);
  return sentences.join("; ");
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}
