/** The frame of a page: its heading, which gets the focus after a navigation, its acts, and the tab's title. */
import { Group, Text, Title } from "@mantine/core";
import { type ReactNode, type Ref, useEffect, useLayoutEffect, useRef } from "react";
import { page as m } from "../../messages/en/app.ts";
import { visible } from "../text/visible.ts";
import classes from "./page.module.css";
import { usePathname } from "./pathname.ts";

interface PageProps {
  readonly title: string;
  /** Shown in the tab instead of `title`, for example with a count. */
  readonly tabTitle?: string;
  /** One line under the heading: the state of what the page shows. */
  readonly lead?: ReactNode;
  /** Badges next to the heading. */
  readonly aside?: ReactNode;
  /** Buttons at the end of the heading's line. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function Page({ title, tabTitle = title, lead, aside, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const pathname = usePathname();
  useEffect(() => {
    document.title = m.title(visible(tabTitle));
  }, [tabTitle]);
  // Before the page is drawn, so that it does not take the focus from a field that a person has reached by then.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another path is another page, even in the same component
  useLayoutEffect(() => {
    heading.current?.focus({ preventScroll: true });
  }, [pathname]);
  return (
    <>
      <header className={classes.header}>
        <div className={classes.heading}>
          <Group gap="sm" align="center">
            <Title order={1} ref={heading} tabIndex={-1} className={classes.title}>
              {visible(title)}
            </Title>
            {aside}
          </Group>
          {lead !== undefined && (
            <Text c="dimmed" size="sm" component="div">
              {lead}
            </Text>
          )}
        </div>
        {actions !== undefined && <div className={classes.actions}>{actions}</div>}
      </header>
      {children}
    </>
  );
}

/** A part of a page with a heading of its own. */
export function Section({
  title,
  headingRef,
  actions,
  children,
}: {
  readonly title: string;
  /** Of a heading that may get the focus. */
  readonly headingRef?: Ref<HTMLHeadingElement>;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <section className={classes.section} aria-label={title}>
      <div className={classes.sectionHead}>
        <Title order={2} className={classes.title} {...(headingRef !== undefined && { ref: headingRef, tabIndex: -1 })}>
          {title}
        </Title>
        {actions}
      </div>
      {children}
    </section>
  );
}
