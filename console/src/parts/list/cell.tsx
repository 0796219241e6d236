/** The content of one cell. A list that is read again every two seconds draws only the cells that have changed. */
import { memo, type ReactNode } from "react";
import { Go, type Target } from "../page/go.tsx";
import type { Column } from "./list-props.ts";

interface CellProps<Row> {
  readonly row: Row;
  readonly column: Column<Row> | undefined;
}

/** Drawn again when the row or the column is another object. */
export const Cell = memo(function Cell({ row, column }: CellProps<unknown>) {
  return column?.cell(row);
}) as <Row>(props: CellProps<Row>) => ReactNode;

interface RowLinkProps<Row> extends CellProps<Row>, Target {}

export const RowLink = memo(function RowLink({ row, column, to, search }: RowLinkProps<unknown>) {
  return (
    <Go to={to} search={search}>
      {column?.cell(row)}
    </Go>
  );
}) as <Row>(props: RowLinkProps<Row>) => ReactNode;
