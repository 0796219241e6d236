/**
 * One page of a list that the server sorts, with its cursor in the URL.
 *
 * Rows do not move under a reader: what is new since the page was opened is counted, and shown when the reader asks.
 */
import { keepPreviousData, type UseQueryResult, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { isByStream } from "../../live/by-stream.ts";
import { usePathname } from "../page/pathname.ts";
import { type Parameter, useRefused } from "./refused.tsx";

export interface ListPageOf<Row> {
  readonly rows: readonly Row[];
  /** The cursor of the next page; null on the last one. */
  readonly next: string | null;
  /**
   * Only on a page that is short although more rows may match: the time that the search has reached, or null if the list
   * is not in order of time.
   */
  readonly searchedTo?: string | null;
  /** Only on a page that took the server several pages: when they were read. */
  readonly searchedAtMs?: number;
}

/** `known`: the page that is shown, when only an event of the stream asks for it again. */
type ReadPage<Row> = (
  cursor: string | undefined,
  signal: AbortSignal,
  known: ListPageOf<Row> | undefined,
) => Promise<ListPageOf<Row>>;

interface CursorListOptions<Row> {
  /** Begins with the live topic of the rows, so that the topic's events refresh it. Contains the filters. */
  readonly queryKey: readonly unknown[];
  readonly read: ReadPage<Row>;
  readonly rowKey: (row: Row) => string;
  /** False for a list in order of creation, whose new rows are at its end. Default: true. */
  readonly newestFirst?: boolean;
}

export interface CursorList<Row> {
  /** Undefined until the first answer. */
  readonly rows: readonly Row[] | undefined;
  readonly error: unknown;
  readonly isFetching: boolean;
  readonly refetch: () => void;
  /** Rows above those that are shown. */
  readonly newCount: number;
  /** Whether there are more of them than a page holds. */
  readonly hasMoreNew: boolean;
  readonly showNew: () => void;
  /** Whether new rows appear on this page at all. */
  readonly canFollow: boolean;
  readonly follows: boolean;
  readonly setFollows: (follows: boolean) => void;
  readonly isFirst: boolean;
  readonly next: (() => void) | null;
  readonly first: () => void;
  /** See {@link ListPageOf}. */
  readonly searchedTo: string | null | undefined;
  /** What the URL had and the server does not take, a cursor that no longer exists among them. It was left out. */
  readonly refused: readonly Parameter[];
}

export function useCursorList<Row>(options: CursorListOptions<Row>): CursorList<Row> {
  const { queryKey, read, rowKey, newestFirst = true } = options;
  const { cursor, goTo } = useCursor();
  const query = useQuery({
    queryKey: [...queryKey, cursor ?? null],
    queryFn({ signal, client, queryKey: key }) {
      return read(cursor, signal, isByStream(key) ? client.getQueryData<ListPageOf<Row>>(key) : undefined);
    },
    placeholderData: keepPreviousData,
  });
  const resetKey = JSON.stringify([queryKey, cursor]);
  const { refused, error } = useRefused(useKeptError(query, resetKey));
  const latest = error !== null && query.isPlaceholderData ? undefined : query.data?.rows;
  const [follows, setFollows] = useState(false);
  const isSteady = newestFirst && cursor === undefined && !follows && !query.isPlaceholderData;
  const steady = useSteadyRows(latest, { rowKey, isSteady, resetKey });
  const next = query.data?.next ?? null;
  return {
    rows: steady.rows,
    error,
    // Read only where it is shown: who reads it is drawn again whenever a request begins.
    isFetching: error !== null && query.isFetching,
    refetch: () => void query.refetch(),
    newCount: steady.newCount,
    hasMoreNew: next !== null && steady.newCount === query.data?.rows.length,
    showNew: steady.showNew,
    canFollow: newestFirst && cursor === undefined,
    follows,
    setFollows,
    isFirst: cursor === undefined,
    next: next === null ? null : () => goTo(next),
    first: () => goTo(undefined),
    searchedTo: query.data?.searchedTo,
    refused,
  };
}

/**
 * While a list that could not be read is read again, its error stays: a placeholder, or the rows of the filters before,
 * would take turns with it.
 */
function useKeptError({ error, isSuccess, isPlaceholderData }: UseQueryResult, key: string): unknown {
  const kept = useRef<{ readonly key: string; readonly error: unknown }>({ key, error: null });
  const isRead = isSuccess && !isPlaceholderData;
  if (kept.current.key !== key || error !== null || isRead) kept.current = { key, error };
  return kept.current.error;
}

function useCursor() {
  const { cursor: given, ...search } = useSearch({ strict: false }) as { readonly cursor?: unknown };
  const cursor = typeof given === "string" && given !== "" ? given : undefined;
  const pathname = usePathname();
  const navigate = useNavigate();
  const goTo = (next: string | undefined): void => {
    void navigate({ to: pathname, search: { ...search, cursor: next } as never });
  };
  return { cursor, goTo };
}

interface Shown<Row> {
  readonly resetKey: string;
  /** As they were read. */
  readonly rows: readonly Row[];
  readonly keys: readonly string[];
}

/** The rows that the reader has seen, in their order, each in its latest form. */
function useSteadyRows<Row>(
  latest: readonly Row[] | undefined,
  {
    rowKey,
    isSteady,
    resetKey,
  }: { readonly rowKey: (row: Row) => string; readonly isSteady: boolean; readonly resetKey: string },
) {
  const [shown, setShown] = useState<Shown<Row> | null>(null);
  // While a list is empty, no row can move under the reader.
  const isCurrent = isSteady && shown?.resetKey === resetKey && shown.keys.length > 0;
  const keep = (): void => {
    if (latest !== undefined) setShown({ resetKey, rows: latest, keys: latest.map(rowKey) });
  };
  // While rendering, so that React starts again before it renders the rows: an effect would render all of them twice.
  if (isSteady && !isCurrent && (shown?.rows !== latest || shown?.resetKey !== resetKey)) keep();
  // A reader who follows sees every row, and starts afresh afterwards.
  if (!isSteady && shown !== null) setShown(null);
  if (latest === undefined || !isCurrent || shown === null) return { rows: latest, newCount: 0, showNew: keep };
  // A row that the server no longer lists stays as it was.
  const byKey = new Map([...shown.rows, ...latest].map((row) => [rowKey(row), row]));
  const rows = shown.keys.flatMap((key) => byKey.get(key) ?? []);
  const known = new Set(shown.keys);
  return { rows, newCount: latest.filter((row) => !known.has(rowKey(row))).length, showNew: keep };
}
