/** What can be done with the selected rows. */
import { Button, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { list as m } from "../../messages/en/app.ts";
import classes from "./list.module.css";
import type { Selection } from "./selection.ts";

export function BulkBar({ selection, children }: { readonly selection: Selection; readonly children: ReactNode }) {
  if (selection.keys.length === 0) return null;
  return (
    <div className={classes.bulk}>
      <Text size="sm" fw={600} role="status">
        {m.selected(selection.keys.length)}
      </Text>
      {children}
      <Button variant="subtle" size="xs" onClick={() => selection.setAll([])}>
        {m.clearSelection}
      </Button>
    </div>
  );
}
