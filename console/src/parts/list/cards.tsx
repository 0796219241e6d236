import { Fragment } from "react";
import { list as m } from "../../messages/en/app.ts";
import { visible } from "../text/visible.ts";
import { Cell, RowLink } from "./cell.tsx";
import classes from "./list.module.css";
import type { ListProps } from "./list-props.ts";
import { SelectBox } from "./select-box.tsx";

/** The same rows on a narrow screen. */
export function Cards<Row>(props: ListProps<Row> & { readonly rows: readonly Row[] }) {
  const { label, columns, rows, rowKey, rowName, rowLink, selection } = props;
  const [first, ...others] = columns;
  return (
    <ul className={classes.cards} aria-label={label}>
      {rows.map((row) => (
        <li key={rowKey(row)} data-row={rowKey(row)} tabIndex={-1} className={classes.card}>
          <div className={classes.cardHead}>
            {rowLink === undefined ? (
              <Cell row={row} column={first} />
            ) : (
              <RowLink row={row} column={first} {...rowLink(row)} />
            )}
            {selection !== undefined && (
              <SelectBox
                label={m.selectRow(visible(rowName(row)))}
                checked={selection.has(rowKey(row))}
                onChange={() => selection.toggle(rowKey(row))}
              />
            )}
          </div>
          <dl className={classes.facts}>
            {others
              .filter(({ wideOnly }) => wideOnly !== true)
              .map((column) => (
                <Fragment key={column.label}>
                  <dt>{column.label}</dt>
                  <dd>
                    <Cell row={row} column={column} />
                  </dd>
                </Fragment>
              ))}
          </dl>
        </li>
      ))}
    </ul>
  );
}
