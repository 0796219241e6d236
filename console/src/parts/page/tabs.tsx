/** The parts of a page, each with its own address. */
import { Alert, Group, Text } from "@mantine/core";
import { page as m } from "../../messages/en/app.ts";
import { Go, usePathParam } from "./go.tsx";
import classes from "./tabs.module.css";

/** The part that the path names, or the first one. */
export function useTab<Tab extends string>(tabs: readonly [Tab, ...Tab[]]): Tab {
  const given = usePathParam("tab");
  return tabs.find((tab) => tab === given) ?? tabs[0];
}

interface TabsProps<Tab extends string> {
  readonly label: string;
  /** The path of the page, which a part's name follows. */
  readonly to: string;
  readonly tabs: readonly [Tab, ...Tab[]];
  readonly names: Readonly<Record<Tab, string>>;
  /** Whether there is a link to a part. By default, there is one to each. */
  readonly isShown?: (tab: Tab) => boolean;
}

export function Tabs<Tab extends string>({ label, to, tabs, names, isShown = () => true }: TabsProps<Tab>) {
  const given = usePathParam("tab");
  const current = useTab(tabs);
  return (
    <>
      {given !== "" && current !== given && (
        <Alert mb="sm">
          <Text size="sm">{m.badTab(given, names[current])}</Text>
        </Alert>
      )}
      <nav aria-label={label} className={classes.tabs}>
        <Group gap="md">
          {tabs.filter(isShown).map((tab) => (
            <Go key={tab} to={`${to}/${tab}`} aria-current={tab === current ? "page" : undefined}>
              {names[tab]}
            </Go>
          ))}
        </Group>
      </nav>
    </>
  );
}
