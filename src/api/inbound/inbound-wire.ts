/** What the two surfaces that show inbound events show alike. */
import { isUtf8 } from "node:buffer";
import Type, { type Static } from "typebox";
import type { Fault } from "../../domain/errors.ts";
import { REJECTIONS } from "../../domain/inbound/request.ts";
import {
  INBOUND_NOTES_CHARS_MAX,
  INBOUND_OFFSET_ROWS_MAX,
  LIST_PAGE_DEFAULT,
  LIST_PAGE_MAX,
} from "../../domain/limits.ts";
import type { InboundRecord } from "../../ports/store.ts";
import { Nullable } from "../schema/schemas.ts";

export const RejectionName = Nullable(Type.Enum([...REJECTIONS]));

/** Of a body: what somebody notes about one. */
export const Notes = Nullable(
  Type.String({ maxLength: INBOUND_NOTES_CHARS_MAX, format: "prose", description: "Null takes them away." }),
);

/** The query's part that says which page. */
export const PageFields = {
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: INBOUND_OFFSET_ROWS_MAX + 1, default: 1 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIST_PAGE_MAX, default: LIST_PAGE_DEFAULT })),
};

/** The query's part that says from when to when. */
export const ReceivedFields = {
  from: Type.Optional(Type.String({ format: "day-or-time", description: "Received at this time or later." })),
  to: Type.Optional(
    Type.String({ format: "day-or-time", description: "Received before this time; on this day or before." }),
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

export function pageOf({ page = 1, limit = LIST_PAGE_DEFAULT }: { page?: number; limit?: number }): Page {
  return { page, limit, offset: (page - 1) * limit };
}

/** What is skipped has to be read, so there is an end to it. */
export function pageFaults({ offset }: Page): readonly Fault[] {
  if (offset <= INBOUND_OFFSET_ROWS_MAX) return [];
  const rule = `must not begin after more than ${INBOUND_OFFSET_ROWS_MAX} records; ask for a shorter time with from and to`;
  return [{ field: "page", rule }];
}

export const RawBodyResponse = Type.Object(
  {
    encoding: Type.Enum(["utf-8", "base64"]),
    content: Type.String(),
    bytes: Type.Integer({ description: "Of the whole body as it came." }),
    truncated: Type.Boolean({ description: "Only the beginning was kept." }),
  },
  { title: "RawBody", description: "The bytes as they came: as text where they are UTF-8, else in base64." },
);

/** A body is cut in the middle of a character as well: then it is no UTF-8 any more, and shown as base64. */
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
