import type { AttemptDetails } from "@signalbox/sdk";

/** curl sets these itself. */
const OWN = new Set(["host", "content-length"]);

/** The request as a command for a POSIX shell. The body stays as it is, byte for byte. */
export function requestCurl({ url, request }: Pick<AttemptDetails, "url" | "request">): string {
  const headers = request.headers
    .filter(({ name }) => !OWN.has(name.toLowerCase()))
    .map(({ name, value }) => ` \\\n  -H ${quoted(`${name}: ${value}`)}`);
  return `curl -X POST ${quoted(url)}${headers.join("")} \\\n  --data-binary ${quoted(request.body)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
