/** `j k` move between rows, `Enter` opens, `x` selects, and a page's own keys act on the row that has the focus. */
import { keys as m } from "../../messages/en/app.ts";
import { copyText } from "../actions/copy.ts";
import { useShortcuts } from "../keys/shortcuts.ts";
import { useGo } from "../page/go.tsx";
import type { ListProps } from "./list-props.ts";

export function useRowKeys<Row>({ list, rowKey, rowLink, selection, rowKeys = [] }: ListProps<Row>): void {
  const go = useGo();
  const onRow = (run: (row: Row) => void) => (): void => {
    const key = focusedKey();
    const row = list.rows?.find((one) => rowKey(one) === key);
    if (row !== undefined) run(row);
  };
  useShortcuts(m.list, [
    { keys: "j", label: m.nextRow, run: () => focusRow(1) },
    { keys: "k", label: m.previousRow, run: () => focusRow(-1) },
    ...(rowLink === undefined ? [] : [{ keys: "Enter", label: m.openRow, run: onRow((row) => go(rowLink(row))) }]),
    ...(selection === undefined
      ? []
      : [{ keys: "x", label: m.selectRow, run: onRow((row) => selection.toggle(rowKey(row))) }]),
    { keys: "y", label: m.copyId, run: onRow((row) => void copyText(rowKey(row))) },
    ...(list.canFollow ? [{ keys: "l", label: m.live, run: () => list.setFollows(!list.follows) }] : []),
    ...rowKeys.map(({ keys, label, run }) => ({ keys, label, run: onRow(run) })),
  ]);
}

function focusedKey(): string | undefined {
  return document.activeElement?.closest<HTMLElement>("[data-row]")?.dataset.row;
}

function focusRow(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const at = rows.findIndex((row) => row.dataset.row === focusedKey());
  const next = rows[at === -1 ? 0 : at + step];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}
