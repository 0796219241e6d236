/** The columns of the list, and which of them this browser shows. */
import { Button, Menu } from "@mantine/core";
import type { Delivery } from "@signalbox/sdk";
import { useMemo, useState } from "react";
import { deliveryList as m } from "../../messages/en/deliveries.ts";
import { EndpointLink } from "../../parts/endpoints/endpoint-link.tsx";
import { DownIcon } from "../../parts/icons.tsx";
import type { Column } from "../../parts/list/list-props.ts";
import { integer } from "../../parts/locale.ts";
import { DeliveryState } from "../../parts/text/delivery-state.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { idTimeMs } from "../../parts/time/format.ts";
import { Time } from "../../parts/time/time.tsx";
import { readStored, writeStored } from "./browser-storage.ts";
import classes from "./deliveries.module.css";

const RESULT_CHARS_MAX = 80;

function Result({ delivery }: { readonly delivery: Delivery }) {
  const { attempts_count: attempts, last_error: error, last_http_status: status } = delivery;
  if (attempts === 0) return <span className={classes.dim}>{m.noAttempt}</span>;
  return <Foreign text={error ?? (status === null ? "" : `HTTP ${status}`)} charsMax={RESULT_CHARS_MAX} />;
}

/** Foreign text may break anywhere, so a table would make its column as narrow as one letter. */
function Name(props: { readonly text: string; readonly charsMax: number }) {
  return (
    <span className={classes.name}>
      <Foreign {...props} />
    </span>
  );
}

const ALL = {
  type: { label: m.columns.type, cell: ({ event_type: type }) => <Name text={type} charsMax={60} /> },
  state: { label: m.columns.state, cell: ({ status }) => <DeliveryState status={status} /> },
  endpoint: {
    label: m.columns.endpoint,
    cell: (delivery) => (
      <span className={classes.name}>
        <EndpointLink of={delivery} charsMax={40} />
      </span>
    ),
  },
  result: { label: m.columns.result, cell: (delivery) => <Result delivery={delivery} /> },
  attempts: { label: m.columns.attempts, cell: ({ attempts_count: count }) => integer(count), align: "end" },
  created: {
    label: m.columns.created,
    // The API has whole seconds; the id has the milliseconds.
    cell: ({ id, created_at: at }) => <Time at={idTimeMs(id) ?? at} withMs />,
    align: "end",
  },
  next: {
    label: m.columns.next,
    // What waits for its first attempt, or for its endpoint, has no time of its own.
    cell: ({ next_attempt_at: at, status }) =>
      at === null || status !== "SCHEDULED" ? <span className={classes.dim}>–</span> : <Time at={at} />,
    align: "end",
  },
  ended: {
    label: m.columns.ended,
    cell: ({ terminal_at: at }) => (at === null ? <span className={classes.dim}>–</span> : <Time at={at} />),
    align: "end",
  },
  id: { label: m.columns.id, cell: ({ id }) => <code className={classes.id}>{id}</code>, wideOnly: true },
} as const satisfies Readonly<Record<string, Column<Delivery>>>;

type ColumnName = keyof typeof ALL;
const NAMES = Object.keys(ALL) as ColumnName[];
/** The first one names the row, so it is always there. */
const CHOOSABLE = NAMES.slice(1);
const AT_FIRST: readonly ColumnName[] = ["state", "endpoint", "result", "attempts", "created", "next"];
const KEY = "deliveries.columns";

export function useColumns() {
  const [names, setNames] = useState<readonly ColumnName[]>(() => stored() ?? AT_FIRST);
  const toggle = (name: ColumnName): void => {
    const next = CHOOSABLE.filter((one) => names.includes(one) !== (one === name));
    setNames(next);
    writeStored(KEY, next);
  };
  const columns = useMemo<readonly Column<Delivery>[]>(() => [ALL.type, ...names.map((name) => ALL[name])], [names]);
  return { columns, names, toggle };
}

function stored(): readonly ColumnName[] | null {
  const value = readStored(KEY);
  return Array.isArray(value) ? CHOOSABLE.filter((name) => value.includes(name)) : null;
}

export function ColumnsMenu({ names, toggle }: Pick<ReturnType<typeof useColumns>, "names" | "toggle">) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" rightSection={<DownIcon size={12} />}>
          {m.columns.label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {CHOOSABLE.map((name) => (
          <Menu.CheckboxItem key={name} checked={names.includes(name)} onChange={() => toggle(name)}>
            {ALL[name].label}
          </Menu.CheckboxItem>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
