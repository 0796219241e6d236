/** The machine's name files that c-ares queries do not use: the hosts file, and the search domains of resolv.conf. */
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { HOSTS_FILE_CHECK_MS, SEARCH_DOMAINS_COUNT_MAX } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";

const HOSTS_PATH =
  process.platform === "win32"
    ? `${process.env.SystemRoot ?? "C:\\Windows"}\\System32\\drivers\\etc\\hosts`
    : "/etc/hosts";

const RESOLV_CONF_PATH = "/etc/resolv.conf";

/** Read the hosts file: lower-case names and their addresses. */
export function createHostsFile(clock: Clock, path: string = HOSTS_PATH): () => Promise<Map<string, string[]>> {
  return createFileReader(clock, path, parseHosts, new Map());
}

/** Read the search domains that the machine appends to a name, in order. */
export function createSearchDomains(clock: Clock, path: string = RESOLV_CONF_PATH): () => Promise<string[]> {
  return createFileReader(clock, path, parseSearchDomains, []);
}

/** Create a cached reader, which reads the file again when the content is older than `HOSTS_FILE_CHECK_MS`. */
function createFileReader<T>(clock: Clock, path: string, parse: (text: string) => T, absent: T): () => Promise<T> {
  let content: Promise<T> = (async () => absent)();
  let checkedMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - checkedMs >= HOSTS_FILE_CHECK_MS) {
      checkedMs = nowMs;
      const before = content;
      content = readFile(path, "utf8").then(parse, (error) => (isShortage(error) ? before : absent));
    }
    return content;
  };
}

/** Whether the file may exist despite this error. On any other error, the file counts as absent. */
const isShortage = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "EMFILE" || error.code === "ENFILE");

/** Parse resolv.conf. `search` and `domain` replace each other, so the last one counts (resolv.conf(5)). */
export function parseSearchDomains(text: string): string[] {
  let domains: string[] = [];
  for (const line of text.split("\n")) {
    const [keyword, ...words] = line
      .replace(/[#;].*/, "")
      .trim()
      .split(/\s+/);
    if (keyword === "search") domains = words;
    if (keyword === "domain") domains = words.slice(0, 1);
  }
  return domains
    .map((domain) => domain.toLowerCase().replace(/\.$/, ""))
    .filter((domain) => domain !== "")
    .slice(0, SEARCH_DOMAINS_COUNT_MAX);
}

/** Parse a hosts file. Each line has an address and its names, `#` starts a comment, and names are case-insensitive. */
export function parseHosts(text: string): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [address = "", ...aliases] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (isIP(address) === 0 || address.includes("%")) continue;
    for (const alias of aliases) {
      const name = alias.toLowerCase();
      names.set(name, [...(names.get(name) ?? []), address]);
    }
  }
  return names;
}
