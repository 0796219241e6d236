/** The server's paths: the methods of a known path, and a suggestion for an unknown one. */
import { nearest } from "../../domain/text/nearest.ts";

interface KnownPath {
  readonly pattern: RegExp;
  readonly parts: readonly string[];
  readonly methods: Set<string>;
}

/** Longer paths get no suggestion. */
const COMPARED_CHARS_MAX = 200;

export class KnownPaths {
  readonly #paths = new Map<string, KnownPath>();

  add(path: string, methods: string | readonly string[]): void {
    const known = this.#paths.get(path) ?? { pattern: patternOf(path), parts: path.split("/"), methods: new Set() };
    for (const method of [methods].flat()) known.methods.add(method);
    this.#paths.set(path, known);
  }

  /** The value of an `Allow` header. Null for an unknown path. */
  allowed(path: string): string | null {
    const methods = new Set<string>();
    for (const known of this.#paths.values()) {
      if (known.pattern.test(path)) for (const method of known.methods) methods.add(method);
    }
    return methods.size === 0 ? null : [...methods].sort().join(", ");
  }

  /**
   * The known path that an unknown one probably means, such as `/v1/endpoints/{id}`. Null without a similar one. The
   * suggestion repeats no part of the path, which may contain the token of a link.
   */
  suggest(path: string): string | null {
    if (path.length > COMPARED_CHARS_MAX) return null;
    const plain = path.replace(/\/{2,}/g, "/").replace(/\/$/, "");
    const bare = plain.replace(/^\/api(?=\/)/i, "");
    const candidates = [plain, bare, `/v1${bare}`, `/dashboard${bare}`, `/v1${bare}s`];
    for (const candidate of candidates.flatMap((one) => [one, one.toLowerCase()])) {
      const known = candidate === path ? null : this.#find(candidate);
      if (known !== null) return known;
    }
    return this.#nearest(bare) ?? this.#nearest(`/v1${bare}`);
  }

  #find(path: string): string | null {
    for (const { pattern, parts } of this.#paths.values()) if (pattern.test(path)) return templateOf(parts);
    return null;
  }

  /** A known path that differs in a single part. */
  #nearest(path: string): string | null {
    const parts = path.split("/");
    for (const [index, part] of parts.entries()) {
      const known = [...this.#paths.values()].filter((one) => differsAt(one.parts, parts, index));
      const near = nearest(
        part,
        known.map((one) => one.parts[index] ?? ""),
      );
      const found = near === null ? undefined : known.find((one) => one.parts[index] === near);
      if (found !== undefined) return templateOf(found.parts);
    }
    return null;
  }
}

const isParameter = (part: string): boolean => part.startsWith(":");

function differsAt(known: readonly string[], parts: readonly string[], index: number): boolean {
  if (known.length !== parts.length || isParameter(known[index] ?? ":")) return false;
  return known.every((part, at) => at === index || part === parts[at] || (isParameter(part) && parts[at] !== ""));
}

function templateOf(parts: readonly string[]): string {
  return parts.map((part) => (isParameter(part) ? `{${part.slice(1)}}` : part)).join("/");
}

/** `/v1/endpoints/:id/test` as a pattern. */
function patternOf(path: string): RegExp {
  const parts = path.split("/").map((part) => (isParameter(part) ? "[^/]+" : RegExp.escape(part)));
  return new RegExp(`^${parts.join("/")}$`);
}
