import { Stack, Text } from "@mantine/core";
import { page as m } from "../messages/en/app.ts";
import { GoButton } from "../parts/page/go.tsx";
import { Page } from "../parts/page/page.tsx";

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
