import { list as m } from "../../messages/en/app.ts";
import { visible } from "../text/visible.ts";
import { Cell, RowLink } from "./cell.tsx";
import classes from "./list.module.css";
import type { ListProps } from "./list-props.ts";
import { SelectBox } from "./select-box.tsx";

export function Table<Row>(props: ListProps<Row> & { readonly rows: readonly Row[] }) {
  const { label, columns, rows, rowKey, rowName, rowLink, selection } = props;
  return (
    <div className={classes.frame}>
      <table className={classes.table} aria-label={label}>
        <thead>
          <tr>
            {selection !== undefined && (
              <th scope="col" className={classes.select}>
                <SelectBox
                  label={m.selectAll}
                  checked={rows.every((row) => selection.has(rowKey(row)))}
                  onChange={(checked) => selection.setAll(checked ? rows.map(rowKey) : [])}
                />
              </th>
            )}
            {columns.map(({ label: heading, align }) => (
              <th key={heading} scope="col" data-align={align}>
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} data-row={rowKey(row)} tabIndex={-1} data-selected={selection?.has(rowKey(row))}>
              {selection !== undefined && (
                <td className={classes.select}>
                  <SelectBox
                    label={m.selectRow(visible(rowName(row)))}
                    checked={selection.has(rowKey(row))}
                    onChange={() => selection.toggle(rowKey(row))}
                  />
                </td>
              )}
              {columns.map((column, index) => (
                <td key={column.label} data-align={column.align}>
                  {index === 0 && rowLink !== undefined ? (
                    <RowLink row={row} column={column} {...rowLink(row)} />
                  ) : (
                    <Cell row={row} column={column} />
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
