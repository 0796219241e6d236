import { Stack, Text } from "@mantine/core";
import { page as m } from "../messages/en/app.ts";
import { GoButton } from "../parts/page/go.tsx";
import { Page } from "../parts/page/page.tsx";
import classes from "./shell/shell.module.css";

export function NotFound() {
  return (
    <Page title={m.notFound}>
      <Stack align="flex-start">
        <Text>{m.notFoundHint}</Text>
        <GoButton to="/" variant="default">
          {m.toOverview}
        </GoButton>
      </Stack>
    </Page>
  );
}

/** Outside the shell: for a path that no route can decode, such as `/%zz`. */
export function NotFoundAlone() {
  return (
    <main className={classes.alone}>
      <NotFound />
    </main>
  );
}
