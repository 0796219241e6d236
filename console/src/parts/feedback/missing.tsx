/** The page of a record that is gone, does not exist, or that the person may not see: the same for the last two, so it tells neither. */
import { Code, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { problem as m } from "../../messages/en/app.ts";
import { GoButton } from "../page/go.tsx";
import { Page } from "../page/page.tsx";
import { shortVisible } from "../text/visible.ts";

interface MissingProps {
  /** Such as "delivery". */
  readonly what: string;
  readonly id: string;
  /** The list of such records, and its name. */
  readonly to: string;
  readonly list: string;
  /** The page has shown it before. */
  readonly wasThere?: boolean;
  /** Why it may be gone. */
  readonly children?: ReactNode;
}

export function Missing({ what, id, to, list, wasThere = false, children }: MissingProps) {
  return (
    <Page title={wasThere ? m.goneTitle(what) : m.noSuchTitle(what)}>
      <Stack align="flex-start">
        <Code style={{ overflowWrap: "anywhere" }}>{shortVisible(id)}</Code>
        <Text>
          {wasThere ? m.gone(what) : `${m.noSuch(what)} ${m.noSuchHint}`} {children}
        </Text>
        <GoButton to={to} variant="default">
          {list}
        </GoButton>
      </Stack>
    </Page>
  );
}
