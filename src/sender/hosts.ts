/** The machine's hosts file, which c-ares' queries do not read. */
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { HOSTS_FILE_CHECK_MS } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";

const HOSTS_PATH =
  process.platform === "win32"
    ? `${process.env.SystemRoot ?? "C:\\Windows"}\\System32\\drivers\\etc\\hosts`
    : "/etc/hosts";

interface HostsFile {
  /** The addresses that the file gives a name, or null when it does not have it. */
  find(name: string): Promise<readonly string[] | null>;
}

export function createHostsFile(clock: Clock, path: string = HOSTS_PATH): HostsFile {
  let names = Promise.resolve(new Map<string, string[]>());
  let checkedMs = Number.NEGATIVE_INFINITY;
  return {
    async find(name) {
      const nowMs = clock.monotonicMs();
      if (nowMs - checkedMs >= HOSTS_FILE_CHECK_MS) {
        checkedMs = nowMs;
        // A machine without the file, or one that we may not read, simply has no such names.
        names = readFile(path, "utf8").then(parseHosts, () => new Map());
      }
      return (await names).get(name) ?? null;
    },
  };
}

/** Lines of an address and its names; `#` begins a comment; names are case-insensitive. */
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
