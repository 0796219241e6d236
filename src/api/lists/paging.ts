/** How a list leads to its next page. */
import type { FastifyRequest } from "fastify";

/** A `Link` header's value (RFC 8288), relative, so that it holds behind any proxy. */
export function nextLink(request: FastifyRequest, page: { readonly limit: number; readonly cursor: string }): string {
  const url = new URL(request.url, "http://localhost");
  url.searchParams.set("limit", String(page.limit));
  url.searchParams.set("cursor", page.cursor);
  return `<${url.pathname}${url.search}>; rel="next"`;
}
