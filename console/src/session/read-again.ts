/** What a page does once an act has ended. */
import { useQueryClient } from "@tanstack/react-query";

/**
 * The `onSettled` of an act: reads again what the page shows, by the first parts of the query keys. The act succeeds once
 * that has arrived, and fails at once: what the page shows may be out of reach, too.
 */
export function useReadAgain(...names: readonly string[]) {
  const queries = useQueryClient();
  return (_result: unknown, error: unknown): Promise<unknown> | undefined => {
    const reading = Promise.all(names.map((name) => queries.invalidateQueries({ queryKey: [name] })));
    return error === null ? reading : undefined;
  };
}
