import { Fragment } from "react";
import { list as m } from "../../messages/en/app.ts";
import { Go } from "../page/go.tsx";
import { visible } from "../text/visible.ts";
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
            {rowLink === undefined ? first?.cell(row) : <Go {...rowLink(row)}>{first?.cell(row)}</Go>}
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
              .map(({ label: heading, cell }) => (
                <Fragment key={heading}>
                  <dt>{heading}</dt>
                  <dd>{cell(row)}</dd>
                </Fragment>
              ))}
          </dl>
        </li>
      ))}
    </ul>
  );
}
