/** `⌘K`: goes to a page, an endpoint, or what has a pasted id. Its last choice looks for the text in payloads. */
import { TextInput, UnstyledButton } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useId, useState } from "react";
import { keys as m } from "../../messages/en/app.ts";
import { Dialog } from "../../parts/actions/dialog.tsx";
import { readEndpoints } from "../../parts/endpoints/read-endpoints.ts";
import { useGo } from "../../parts/page/go.tsx";
import { shortVisible } from "../../parts/text/visible.ts";
import { useApi, useTenant } from "../../session/api.ts";
import { useNavigationItems } from "./navigation.tsx";
import classes from "./palette.module.css";

interface Choice {
  readonly to: string;
  readonly search?: Readonly<Record<string, string>>;
  readonly label: string;
  readonly hint: string;
}

const SHOWN_MAX = 12;
/** Longer than any name or id. Each key press asks the server for endpoints with the whole text. */
const TEXT_CHARS_MAX = 200;
/** No path, so that it differs from that of the page of events. */
const IN_PAYLOADS = "in payloads";
const ID = /^[a-z]+_[0-9a-f-]{36}$/;

export default function Palette({ onClose }: { readonly onClose: () => void }) {
  const id = useId();
  const go = useGo();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const choices = useChoices(text.trim());
  const chosen = Math.min(at, choices.length - 1);
  const open = (choice: Choice | undefined): void => {
    if (choice === undefined) return;
    onClose();
    go(choice);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (event.key === "Enter") open(choices[chosen]);
    else if (step !== 0) setAt((chosen + step + choices.length) % Math.max(1, choices.length));
    else return;
    event.preventDefault();
  };
  return (
    <Dialog onClose={onClose} withCloseButton={false} title={m.palette}>
      <TextInput
        data-autofocus
        value={text}
        maxLength={TEXT_CHARS_MAX}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
        placeholder={m.paletteHint}
        aria-label={m.palette}
        role="combobox"
        aria-expanded
        aria-controls={id}
        aria-activedescendant={choices.length === 0 ? undefined : `${id}-${chosen}`}
        autoComplete="off"
        spellCheck={false}
      />
      <Choices id={id} choices={choices} chosen={chosen} onChoose={open} />
      <div role="status" className={classes.none}>
        {choices.length === 0 && m.nothing}
      </div>
    </Dialog>
  );
}

interface ChoicesProps {
  readonly id: string;
  readonly choices: readonly Choice[];
  readonly chosen: number;
  readonly onChoose: (choice: Choice) => void;
}

function Choices({ id, choices, chosen, onChoose }: ChoicesProps) {
  return (
    <div role="listbox" id={id} aria-label={m.palette} className={classes.list}>
      {choices.map((choice, index) => (
        <UnstyledButton
          key={choice.search === undefined ? choice.to : IN_PAYLOADS}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === chosen}
          tabIndex={-1}
          className={classes.option}
          onClick={() => onChoose(choice)}
        >
          <span>{choice.label}</span>
          <span className={classes.hint}>{choice.hint}</span>
        </UnstyledButton>
      ))}
    </div>
  );
}

function useChoices(text: string): readonly Choice[] {
  const api = useApi();
  const pages = useNavigationItems().map(({ to, label, key }) => ({ to, label, hint: `g ${key}` }));
  // The server looks for them: a tenant can have thousands.
  const { data = [] } = useQuery({
    queryKey: ["endpoint", "palette", useTenant(), text],
    queryFn: async ({ signal }) => {
      const { rows } = await readEndpoints(api, { limit: SHOWN_MAX, ...(text !== "" && { q: text }), signal });
      return rows;
    },
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
  if (ID.test(text)) return [{ to: `/go/${text}`, label: text, hint: "" }];
  const endpoints = data.map(({ id, name, url }) => ({ to: `/endpoints/${id}`, label: name, hint: url }));
  const wanted = text.toLowerCase();
  const matches = ({ label, hint }: Choice) => `${label} ${hint}`.toLowerCase().includes(wanted);
  const found: readonly Choice[] = [...pages, ...endpoints].filter(matches).slice(0, SHOWN_MAX);
  if (text === "") return found;
  const inPayloads = { to: "/events", search: { payload_contains: text }, label: m.inPayloads(shortVisible(text)) };
  return [...found, { ...inPayloads, hint: "" }];
}
