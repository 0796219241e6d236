/** Describes a schema in words that follow "must be". */

/** The parts of JSON Schema that the API's schemas use. */
export interface SchemaNode {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly SchemaNode[];
  readonly items?: SchemaNode;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

const FORMAT_WORDS: Readonly<Record<string, string>> = {
  "date-time": "an RFC 3339 date and time such as 2024-01-01T00:00:00Z",
  "event-type": "an event type: 1 to 128 characters of A-Z, a-z, 0-9, _, . and -",
  "event-filter": "an event type, or a prefix of one followed by .*",
  "endpoint-id": "the id of an endpoint",
  "delivery-id": "the id of a delivery",
  "event-id": "the id of an event",
  "pause-id": "the id of a pause",
  "user-id": "the id of a user",
  "source-id": "the id of a source",
  "inbound-id": "the id of an inbound event",
  "any-id": "an id such as ep_… or usr_…",
  "actor-id": "the id of a user or of a key",
  "device-code": "the 64 lower-case hex digits of a device code",
  email: "an email address such as ana@example.com",
  origin: "an origin such as https://shop.example.com, without a path",
  "http-status": "an HTTP status such as 503, or a class of them such as 5xx",
  day: "a date such as 2024-01-01",
  "day-or-time": "a date such as 2024-01-01 or an RFC 3339 date and time such as 2024-01-01T00:00:00Z",
  "idempotency-key": "1 to 255 visible ASCII characters",
  "header-name": "the name of a header",
  "json-pointer-below": "a JSON pointer (RFC 6901) such as /type or /data/kind",
  username: "a string of 1 to 200 characters without control characters or colons",
  reader: "1 to 64 characters of A-Z, a-z, 0-9, _, ., @, :, +, / and -, such as ada@laptop",
  "reader-session": "8 to 64 characters of A-Z, a-z, 0-9, _ and -, chosen at random for each process",
  "event-type-part": "at most 64 characters of A-Z, a-z, 0-9, _, . and -",
};

export function describeSchema(node: SchemaNode): string {
  if (node.anyOf !== undefined) return describeUnion(node.anyOf);
  if (node.enum !== undefined) return `one of ${node.enum.map((value) => JSON.stringify(value)).join(", ")}`;
  if (node.const !== undefined) return JSON.stringify(node.const);
  switch (node.type) {
    case "string":
      return describeString(node);
    case "integer":
    case "number":
      return `${node.type === "integer" ? "an integer" : "a number"}${interval(node)}`;
    case "boolean":
      return "true or false";
    case "null":
      return "null";
    case "array":
      return `an array${range(node.minItems, node.maxItems, " of")} items${eachItem(node.items)}`;
    default:
      return "an object";
  }
}

/** A description with a comma or an "or" of its own follows "null", which would else seem to be a part of it. */
function describeUnion(members: readonly SchemaNode[]): string {
  const isNull = (member: SchemaNode) => member.type === "null";
  const others = members.filter((member) => !isNull(member)).map(describeSchema);
  if (!members.some(isNull)) return others.join(" or ");
  const isSimple = others.every((words) => !/,| or | without /.test(words));
  return (isSimple ? [...others, "null"] : ["null", ...others]).join(" or ");
}

function describeString(node: SchemaNode): string {
  const size = range(node.minLength, node.maxLength, " of");
  const characters = size === "" ? "" : `${size} characters`;
  if (node.format === "text") return `a string${characters} without control characters`;
  if (node.format === "name") return `a string${characters}, at least one of them visible and none a control character`;
  if (node.format === "prose") return `a string${characters} without control characters except line breaks and tabs`;
  if (node.format === "url")
    return `an https URL${characters} such as https://example.com/hook, without user name or password`;
  if (node.format?.endsWith("-cursor")) return "a cursor from a previous page of this list";
  return FORMAT_WORDS[node.format ?? ""] ?? `a string${characters}`;
}

function eachItem(items: SchemaNode | undefined): string {
  return items === undefined ? "" : `, each ${describeSchema(items)}`;
}

/** Exclusive bounds come in pairs. */
function interval({ minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below }: SchemaNode): string {
  if (above !== undefined && below !== undefined) return ` above ${above} and below ${below}`;
  return range(minimum, maximum, minimum !== undefined && maximum !== undefined ? " from" : " of");
}

function range(from: number | undefined, to: number | undefined, word: string): string {
  if (from === undefined && to === undefined) return "";
  if (to === undefined) return `${word} at least ${from}`;
  if (from === undefined) return `${word} at most ${to}`;
  return `${word} ${from} to ${to}`;
}
