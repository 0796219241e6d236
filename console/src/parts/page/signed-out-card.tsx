/** The frame of the pages for people without a session. */
import { Paper } from "@mantine/core";
import type { ReactNode } from "react";
import { Logo } from "./logo.tsx";
import classes from "./signed-out-card.module.css";

export function SignedOutCard({ children }: { readonly children: ReactNode }) {
  return (
    <main className={classes.main}>
      <Paper className={classes.card} withBorder radius="md">
        <div className={classes.brand}>
          <Logo />
          Signalbox
        </div>
        {children}
      </Paper>
    </main>
  );
}
