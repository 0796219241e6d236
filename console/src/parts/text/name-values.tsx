/** Names and their values, one pair on each line. */
import { Fragment, type ReactNode } from "react";
import classes from "./name-values.module.css";

interface NameValuesProps {
  readonly rows: readonly (readonly [name: string, value: ReactNode])[];
  /** On a narrow screen, each value is below its name, which may be long. */
  readonly isLong?: boolean;
}

export function NameValues({ rows, isLong = false }: NameValuesProps) {
  return (
    <dl className={classes.rows} data-long={isLong}>
      {rows.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
