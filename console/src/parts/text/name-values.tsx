/** Names and their values, one pair on each line. */
import { Fragment, type ReactNode } from "react";
import classes from "./name-values.module.css";

export function NameValues({ rows }: { readonly rows: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className={classes.rows}>
      {rows.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
