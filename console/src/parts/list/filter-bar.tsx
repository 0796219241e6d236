/** The filters above a list. On a narrow screen they are in a sheet. */
import { Alert, Button, Drawer, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { ReactNode } from "react";
import { list as m } from "../../messages/en/app.ts";
import { FilterIcon } from "../icons.tsx";
import { useIsNarrow } from "../page/narrow.ts";
import { shortVisible } from "../text/visible.ts";
import type { FilterRules, Filters } from "./filters.ts";
import classes from "./list.module.css";

interface FilterBarProps<Rules extends FilterRules> {
  readonly filters: Filters<Rules>;
  /** Null for a list without filters, which only says what its URL has too much. */
  readonly children: ReactNode;
}

export function FilterBar<Rules extends FilterRules>({ filters, children }: FilterBarProps<Rules>) {
  const isNarrow = useIsNarrow();
  const clear = filters.isFiltered && (
    <Button variant="subtle" onClick={filters.clear}>
      {m.clearFilters}
    </Button>
  );
  return (
    <>
      {filters.dropped.map(({ name, value }) => (
        <Alert key={`${name}=${value}`} color="yellow" variant="light" mb="sm" role="status">
          {m.droppedFilter(shortVisible(name), shortVisible(value))}
        </Alert>
      ))}
      {children === null ? null : isNarrow ? (
        <FilterSheet isFiltered={filters.isFiltered}>
          {children}
          {clear}
        </FilterSheet>
      ) : (
        <div className={classes.bar}>
          {children}
          {clear}
        </div>
      )}
    </>
  );
}

function FilterSheet({ isFiltered, children }: { readonly isFiltered: boolean; readonly children: ReactNode }) {
  const [opened, { open, close }] = useDisclosure();
  return (
    <>
      <Button variant={isFiltered ? "light" : "default"} leftSection={<FilterIcon />} onClick={open} mb="sm">
        {m.filters}
      </Button>
      <Drawer opened={opened} onClose={close} position="bottom" size="auto" title={m.filters}>
        <Stack>{children}</Stack>
      </Drawer>
    </>
  );
}
