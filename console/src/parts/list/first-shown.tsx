/** The beginning of a list that is not read in pages, and a button that shows more: a thousand rows at once take seconds. */
import { Button } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { list as m } from "../../messages/en/app.ts";

const STEP_ROWS = 50;

interface FirstShown<Row> {
  readonly shown: readonly Row[];
  /** Null when all are shown. */
  readonly more: ReactNode;
}

export function useFirstShown<Row>(all: readonly Row[], firstRows = STEP_ROWS): FirstShown<Row> {
  const [count, setCount] = useState(firstRows);
  const left = all.length - count;
  if (left <= 0) return { shown: all, more: null };
  const more = (
    <Button variant="subtle" onClick={() => setCount(count + STEP_ROWS)}>
      {m.showMore(Math.min(STEP_ROWS, left), left)}
    </Button>
  );
  return { shown: all.slice(0, count), more };
}
