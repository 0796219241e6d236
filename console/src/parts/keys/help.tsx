/** `?`: every key that acts on this page. */
import { Anchor, Kbd, Text, Title } from "@mantine/core";
import { Fragment } from "react";
import { keys as m } from "../../messages/en/app.ts";
import { Dialog } from "../actions/dialog.tsx";
import { usePreferences } from "../preferences.ts";
import { NameValues } from "../text/name-values.tsx";
import classes from "./help.module.css";
import { useShortcutGroups } from "./shortcuts.ts";

export default function Help({ onClose }: { readonly onClose: () => void }) {
  const { singleKeys } = usePreferences();
  return (
    <Dialog onClose={onClose} title={m.help} size="lg">
      <NameValues rows={m.words} />
      <Anchor href="/docs" target="_blank" display="block" my="md">
        {m.docs}
      </Anchor>
      {!singleKeys && <Text mb="md">{m.singleKeysOff}</Text>}
      <div className={classes.groups}>
        {merged(useShortcutGroups()).map(([title, shortcuts]) => (
          <section key={title}>
            <Title order={2} mb="xs">
              {title}
            </Title>
            <dl className={classes.keys}>
              {shortcuts.map(({ keys, label }) => (
                <Fragment key={keys}>
                  <dt>
                    {keys.split(" ").map((key) => (
                      <Kbd key={key} size="sm">
                        {shown(key)}
                      </Kbd>
                    ))}
                  </dt>
                  <dd>{label}</dd>
                </Fragment>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

/** Two parts of a page may add keys to the same group. */
function merged(groups: ReturnType<typeof useShortcutGroups>) {
  const byTitle = Map.groupBy(groups, ({ title }) => title);
  return [...byTitle].map(([title, same]) => [title, same.flatMap(({ shortcuts }) => shortcuts)] as const);
}

function shown(key: string): string {
  if (!key.startsWith("mod+")) return key;
  return `${/mac|iphone|ipad/i.test(navigator.platform) ? "⌘" : "Ctrl "}${key.slice(4).toUpperCase()}`;
}
