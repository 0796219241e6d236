/** What goes over the wire, in each of the four formats (contract, section 5). */
export { renderBody } from "./body.ts";
export { FORMAT_HEADERS, renderHeaders } from "./headers.ts";
export type { HmacSha256 } from "./keys.ts";
