/** A filter with several values at once: a button that opens a menu of check boxes. */
import { Button, Input, Menu, ScrollArea, Text } from "@mantine/core";
import { useId, useState } from "react";
import { list as common } from "../../messages/en/app.ts";
import { deliveryList as m } from "../../messages/en/deliveries.ts";
import { DownIcon } from "../../parts/icons.tsx";
import type { Option } from "../../parts/list/filter-fields.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { visible } from "../../parts/text/visible.ts";

interface FilterChoicesProps {
  readonly label: string;
  readonly values: readonly string[];
  readonly options: readonly Option[];
  readonly onChange: (values: readonly string[]) => void;
}

/** With more options than this, a field narrows them. */
const OPTIONS_SEEN = 10;
/** Drawing the thousand endpoints of a tenant would take a second. */
const OPTIONS_DRAWN_MAX = 100;

export function FilterChoices({ label, values, options, onChange }: FilterChoicesProps) {
  const id = useId();
  const [narrow, setNarrow] = useState("");
  const known = new Map(options.map((option) => [option.value, option.label]));
  // A value that came by a link, and that the options do not have, can still be taken out.
  const all = [...options, ...values.filter((value) => !known.has(value)).map((value) => ({ value, label: value }))];
  const shown = all.filter((option) => option.label.toLowerCase().includes(narrow.toLowerCase()));
  const toggle = (value: string) =>
    onChange(values.includes(value) ? values.filter((one) => one !== value) : [...values, value]);
  return (
    <Input.Wrapper label={label} labelElement="div" labelProps={{ id }}>
      <Menu position="bottom-start" width={260} onOpen={() => setNarrow("")}>
        <Menu.Target>
          <Button
            variant="default"
            fullWidth
            justify="space-between"
            fw={400}
            rightSection={<DownIcon size={12} />}
            aria-label={`${label}: ${summary(values, known)}`}
          >
            <Text span truncate inherit lh={1.5} maw="14rem">
              {summary(values, known)}
            </Text>
          </Button>
        </Menu.Target>
        <Menu.Dropdown aria-labelledby={id}>
          {all.length > OPTIONS_SEEN && (
            <Menu.Search aria-label={label} value={narrow} onChange={(event) => setNarrow(event.currentTarget.value)} />
          )}
          <ScrollArea.Autosize mah={320} type="auto">
            {shown.slice(0, OPTIONS_DRAWN_MAX).map((option) => (
              <Menu.CheckboxItem
                key={option.value}
                checked={values.includes(option.value)}
                onChange={() => toggle(option.value)}
              >
                <Foreign text={option.label} charsMax={80} />
              </Menu.CheckboxItem>
            ))}
            {shown.length > OPTIONS_DRAWN_MAX && (
              <Text size="sm" c="dimmed" p="xs">
                {m.filters.moreOptions(shown.length - OPTIONS_DRAWN_MAX)}
              </Text>
            )}
          </ScrollArea.Autosize>
        </Menu.Dropdown>
      </Menu>
    </Input.Wrapper>
  );
}

function summary(values: readonly string[], known: ReadonlyMap<string, string>): string {
  return values.length === 0 ? common.anything : values.map((value) => visible(known.get(value) ?? value)).join(", ");
}
