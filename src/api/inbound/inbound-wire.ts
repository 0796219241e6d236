/** What the two surfaces that show inbound events have in common. */
import { isUtf8 } from "node:buffer";
import Type, { type Static, type TObject } from "typebox";
import { REJECTIONS } from "../../domain/inbound/request.ts";
import {
  INBOUND_NOTES_CHARS_MAX,
  INBOUND_OFFSET_ROWS_MAX,
  LIST_PAGE_DEFAULT,
  LIST_PAGE_MAX,
} from "../../domain/limits.ts";
import type { InboundFilterInput } from "../../engine/inbound/inbound-types.ts";
import type { InboundRecord } from "../../ports/store.ts";
import { endOf, startOf } from "../lists/period.ts";
import type { Checked } from "../schema/check.ts";
import { queryChecker } from "../schema/query.ts";
import { Nullable } from "../schema/schemas.ts";

export const RejectionName = Nullable(Type.Enum([...REJECTIONS]));

/** A person's notes, in a body. */
export const Notes = Nullable(
  Type.String({ maxLength: INBOUND_NOTES_CHARS_MAX, format: "prose", description: "Null deletes the notes." }),
);

/** The query parameters that choose a page. */
export const PageFields = {
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: INBOUND_OFFSET_ROWS_MAX + 1, default: 1 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIST_PAGE_MAX, default: LIST_PAGE_DEFAULT })),
};

/** The query parameters that choose a period. */
export const ReceivedFields = {
  from: Type.Optional(
    Type.String({
      format: "day-or-time",
      description: "Received at or after this time, or from the start of this day.",
    }),
  ),
  to: Type.Optional(
    Type.String({ format: "day-or-time", description: "Received before this time, or up to the end of this day." }),
  ),
};

export const PaginationResponse = Type.Object(
  { page: Type.Integer(), limit: Type.Integer(), total: Type.Integer() },
  { title: "Pagination" },
);

export interface Page {
  readonly page: number;
  readonly limit: number;
  readonly offset: number;
}

export interface InboundQuery extends Page {
  readonly filter: InboundFilterInput;
}

/** A parser for the query of a list with `page`, `limit`, `from` and `to`. The filter is the caller's. */
export function inboundQueryParser<T extends TObject<typeof PageFields & typeof ReceivedFields>>(
  schema: T,
): (query: unknown, filterOf: (query: Static<T>) => Omit<InboundFilterInput, "from" | "to">) => Checked<InboundQuery> {
  const check = queryChecker(schema);
  return (query, filterOf) => {
    const checked = check(query);
    if (checked.kind === "faults") return checked;
    const { page = 1, limit = LIST_PAGE_DEFAULT, from, to } = checked.value;
    const offset = (page - 1) * limit;
    if (offset > INBOUND_OFFSET_ROWS_MAX) return { kind: "faults", faults: [TOO_FAR] };
    const period = { from: from === undefined ? null : startOf(from), to: to === undefined ? null : endOf(to) };
    return { kind: "ok", value: { page, limit, offset, filter: { ...filterOf(checked.value), ...period } } };
  };
}

/** The rows before a page have to be read, so their number is limited. */
const TOO_FAR = {
  field: "page",
  rule: `must not begin after more than ${INBOUND_OFFSET_ROWS_MAX} records; choose a shorter period with from and to`,
};

export const RawBodyResponse = Type.Object(
  {
    encoding: Type.Enum(["utf-8", "base64"]),
    content: Type.String(),
    bytes: Type.Integer({ description: "The size of the complete body." }),
    truncated: Type.Boolean({ description: "Only the beginning of the body was kept." }),
  },
  { title: "RawBody", description: "The received bytes, as text if they are UTF-8 and as base64 otherwise." },
);

/** A body may be cut in the middle of a character. It is no longer UTF-8 then, and shown as base64. */
export function rawBodyJson({
  raw,
  bodyBytes,
}: Pick<InboundRecord, "raw" | "bodyBytes">): Static<typeof RawBodyResponse> {
  const bytes = Buffer.from(raw.body.buffer, raw.body.byteOffset, raw.body.byteLength);
  const encoding = isUtf8(bytes) ? "utf-8" : "base64";
  return {
    encoding,
    content: bytes.toString(encoding),
    bytes: bodyBytes,
    truncated: bodyBytes > bytes.byteLength,
  };
}
