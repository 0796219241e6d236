/** The headers of a response as the history stores them: a line for each, names in lower case. */

/** In place of the headers that did not fit. */
export const MORE_HEADERS = "…";

export type HeaderList = readonly (readonly [name: string, value: string])[];

export interface StoredHeaders {
  readonly headers: HeaderList;
  /** False when the response had more headers than are stored. */
  readonly complete: boolean;
}

export function parseStoredHeaders(lines: string | null): StoredHeaders {
  const stored = (lines ?? "").split("\n").filter((line) => line !== "");
  const headers = stored
    .filter((line) => line !== MORE_HEADERS)
    .map((line) => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon), line.slice(colon + 2)] as const;
    });
  return { headers, complete: stored.length === headers.length };
}
