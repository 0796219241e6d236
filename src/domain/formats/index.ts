/** The body and headers of a delivery in each of the four formats; see docs/endpoints.md. */
export { renderBody } from "./body.ts";
export { FORMAT_HEADERS, renderHeaders } from "./headers.ts";
export type { HmacSha256 } from "./keys.ts";
