/** A list of rows: a table, or cards on a narrow screen, with its loading, empty and error states. */
import { Button, Text } from "@mantine/core";
import { useDeferredValue } from "react";
import { list as m } from "../../messages/en/app.ts";
import { useMay } from "../../session/me.ts";
import { LaterSkeleton } from "../feedback/later-skeleton.tsx";
import { Problem } from "../feedback/problem.tsx";
import { useIsNarrow } from "../page/narrow.ts";
import { Time } from "../time/time.tsx";
import { Cards } from "./cards.tsx";
import type { CursorList } from "./cursor-list.ts";
import classes from "./list.module.css";
import type { ListProps } from "./list-props.ts";
import { useRememberedRows } from "./record-keys.ts";
import { RefusedNotices } from "./refused.tsx";
import { useRowKeys } from "./row-keys.ts";
import { Table } from "./table.tsx";

const SKELETON_ROWS = 10;

export function List<Row>({ selection, rowKeys, ...others }: ListProps<Row>) {
  // Rows are selected to be changed, and the keys of a page change them.
  const acts = { ...(selection && { selection }), ...(rowKeys && { rowKeys }) };
  const props = useMay("developer") ? { ...others, ...acts } : others;
  const { list } = props;
  const isNarrow = useIsNarrow();
  useRowKeys(props);
  const { rowLink } = props;
  useRememberedRows(rowLink === undefined ? [] : (list.rows ?? []).map((row) => rowLink(row).to));
  // Drawn in slices: 50 new rows at once, as a reader who follows gets them, would stop the page for a tenth of a second.
  const rows = useDeferredValue(list.rows);
  if (rows === undefined) {
    if (list.error === null) return <LaterSkeleton rows={SKELETON_ROWS} />;
    return <Problem error={list.error} onRetry={list.refetch} isRetrying={list.isFetching} />;
  }
  const Rows = isNarrow ? Cards : Table;
  return (
    <>
      <RefusedNotices refused={list.refused} />
      {list.error !== null && <Problem error={list.error} onRetry={list.refetch} isRetrying={list.isFetching} />}
      {list.canFollow && <NewRows list={list} />}
      {rows.length === 0 ? <Nothing {...props} /> : <Rows {...props} rows={rows} />}
      <Paging list={list} />
    </>
  );
}

/** It has its height also without new rows, so that those that are shown do not move. */
function NewRows<Row>({ list }: { readonly list: CursorList<Row> }) {
  return (
    <div className={classes.newRows}>
      {list.newCount > 0 && (
        <Button variant="light" size="xs" onClick={list.showNew}>
          {m.newRows(list.newCount, list.hasMoreNew)}
        </Button>
      )}
      <Button
        variant={list.follows ? "light" : "subtle"}
        size="xs"
        aria-pressed={list.follows}
        onClick={() => list.setFollows(!list.follows)}
      >
        {list.follows ? m.following : m.follow}
      </Button>
    </div>
  );
}

function Nothing<Row>({ list, isFiltered = false, onClearFilters, empty }: ListProps<Row>) {
  if (!isFiltered) return <div className={classes.empty}>{empty}</div>;
  return (
    <div className={classes.empty}>
      <Text mb="sm">{list.searchedTo === undefined ? m.nothingMatches : m.nothingYet}</Text>
      {onClearFilters !== undefined && (
        <Button variant="default" onClick={onClearFilters}>
          {m.clearFilters}
        </Button>
      )}
    </div>
  );
}

function Paging<Row>({ list }: { readonly list: CursorList<Row> }) {
  if (list.isFirst && list.next === null) return null;
  return (
    <div className={classes.paging}>
      <SearchedTo at={list.searchedTo} />
      {!list.isFirst && (
        <Button variant="default" size="xs" onClick={list.first}>
          {m.first}
        </Button>
      )}
      {list.next !== null && (
        <Button variant="default" size="xs" onClick={list.next}>
          {list.searchedTo === undefined ? m.next : m.searchFurther}
        </Button>
      )}
    </div>
  );
}

/** How far a search has come that found no full page. */
function SearchedTo({ at }: { readonly at: string | null | undefined }) {
  if (at === undefined) return null;
  return (
    <Text size="sm" c="dimmed" role="status">
      {at === null ? (
        m.searchedPart
      ) : (
        <>
          {m.searchedTo} <Time at={at} absolute />
        </>
      )}
    </Text>
  );
}
