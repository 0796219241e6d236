/** Views of the list: some for everybody, and those that this browser saved. */
import { Alert, Button, CloseButton, Group, Menu, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { form } from "../../messages/en/app.ts";
import { deliveryList as m } from "../../messages/en/deliveries.ts";
import { Dialog } from "../../parts/actions/dialog.tsx";
import { DownIcon } from "../../parts/icons.tsx";
import { type Search, useGo } from "../../parts/page/go.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { readStored, writeStored } from "./browser-storage.ts";

interface View {
  readonly name: string;
  readonly search: Search;
}

const GIVEN: readonly View[] = [
  { name: m.views.all, search: {} },
  { name: m.views.failing, search: { status: ["FAILED", "EXPIRED"] } },
  { name: m.views.errors, search: { http_status: "5xx" } },
  { name: m.views.retrying, search: { status: "SCHEDULED" } },
  { name: m.views.held, search: { status: "HELD" } },
];

/** A menu of more would not fit on a screen. */
const SAVED_COUNT_MAX = 20;
const NAME_CHARS_MAX = 60;
const KEY = "deliveries.views";

/** @param search what the URL has now, without a cursor */
export function Views({ search }: { readonly search: Search }) {
  const go = useGo();
  const [saved, setSaved] = useState(readSaved);
  const [isSaving, setSaving] = useState(false);
  const change = (next: readonly View[]): void => {
    setSaved(next);
    writeStored(KEY, next);
  };
  return (
    <>
      <Menu position="bottom-end" width={260}>
        <Menu.Target>
          <Button variant="default" rightSection={<DownIcon size={12} />}>
            {m.views.label}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {GIVEN.map((view) => (
            <Menu.Item key={view.name} onClick={() => go({ to: "/deliveries", search: view.search })}>
              {view.name}
            </Menu.Item>
          ))}
          {saved.length > 0 && <Menu.Label>{m.views.own}</Menu.Label>}
          {saved.map((view) => (
            <Menu.Item key={view.name} onClick={() => go({ to: "/deliveries", search: view.search })}>
              <Foreign text={view.name} />
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={() => setSaving(true)}>{m.views.save}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {isSaving && <SaveDialog search={search} saved={saved} onChange={change} onClose={() => setSaving(false)} />}
    </>
  );
}

interface SaveDialogProps {
  readonly search: Search;
  readonly saved: readonly View[];
  readonly onChange: (saved: readonly View[]) => void;
  readonly onClose: () => void;
}

function SaveDialog({ search, saved, onChange, onClose }: SaveDialogProps) {
  const [name, setName] = useState("");
  const others = saved.filter((view) => view.name !== name.trim());
  const isFull = others.length >= SAVED_COUNT_MAX;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (name.trim() === "" || isFull) return;
    onChange([...others, { name: name.trim(), search }]);
    onClose();
  };
  return (
    <Dialog onClose={onClose} title={m.views.saveTitle}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label={m.views.name}
            value={name}
            maxLength={NAME_CHARS_MAX}
            onChange={(event) => setName(event.currentTarget.value)}
            description={others.length < saved.length ? m.views.taken : undefined}
            data-autofocus
          />
          {isFull && (
            <Alert variant="light" color="yellow">
              {m.views.full}
            </Alert>
          )}
          {saved.map((view) => (
            <Group key={view.name} justify="space-between" wrap="nowrap">
              <Foreign text={view.name} />
              <CloseButton
                aria-label={m.views.remove(view.name)}
                onClick={() => onChange(saved.filter((one) => one !== view))}
              />
            </Group>
          ))}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {form.cancel}
            </Button>
            <Button type="submit" disabled={name.trim() === "" || isFull}>
              {form.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

function readSaved(): readonly View[] {
  const stored = readStored(KEY);
  return Array.isArray(stored) ? stored.filter(isView).slice(0, SAVED_COUNT_MAX) : [];
}

function isView(value: unknown): value is View {
  if (typeof value !== "object" || value === null) return false;
  const { name, search } = value as Partial<View>;
  return typeof name === "string" && typeof search === "object" && search !== null;
}
