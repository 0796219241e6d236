import type { ReactNode } from "react";
import classes from "./chart.module.css";

/** Charts next to each other, as many as fit. */
export function ChartGrid({ children }: { readonly children: ReactNode }) {
  return <div className={classes.grid}>{children}</div>;
}
