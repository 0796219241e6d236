/** JSON that folds. `<details>` does the folding, so it works by keyboard and finds text. */
import { Fragment, type ReactNode, useState } from "react";
import { payload as m } from "../../messages/en/app.ts";
import classes from "./payload.module.css";
import { visible } from "./visible.ts";

/** Of one object or array, before the reader asks for more. */
const ENTRIES_SHOWN = 100;
/** Of one string, before the reader asks for more. A line of 200 KB takes a browser seconds to lay out. */
const CHARS_SHOWN = 5_000;
/** Deeper ones begin folded. */
const OPEN_LEVELS = 4;

/** A number as it was written. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

interface TreeProps {
  readonly value: unknown;
  /** False for a large payload, of which only the first level is open. */
  readonly opensAll: boolean;
}

export function JsonTree({ value, opensAll }: TreeProps) {
  return (
    <div className={classes.tree}>
      <Node value={value} name={null} openLevels={opensAll ? OPEN_LEVELS : 1} />
    </div>
  );
}

interface NodeProps {
  readonly value: unknown;
  readonly name: string | null;
  readonly openLevels: number;
}

function Node({ value, name, openLevels }: NodeProps) {
  const key = name === null ? null : <span className={classes.key}>{visible(JSON.stringify(name))}: </span>;
  if (typeof value !== "object" || value === null || value instanceof JsonNumber) {
    return (
      <div>
        {key}
        <Leaf value={value} />
      </div>
    );
  }
  const isArray = Array.isArray(value);
  const entries = Object.entries(value);
  const [open, close] = isArray ? "[]" : "{}";
  if (entries.length === 0) return <div>{[<Fragment key="key">{key}</Fragment>, open, close]}</div>;
  return (
    <Folded
      startsOpen={openLevels > 0}
      end={close}
      summary={
        <>
          {key}
          {open} <span className={classes.count}>{entries.length}</span>
        </>
      }
    >
      <Entries entries={entries} isArray={isArray} openLevels={openLevels - 1} />
    </Folded>
  );
}

interface FoldedProps {
  readonly startsOpen: boolean;
  readonly summary: ReactNode;
  /** What closes the content, below the summary. */
  readonly end: ReactNode;
  readonly children: ReactNode;
}

/** Its content is rendered when it is opened for the first time. */
function Folded(props: FoldedProps) {
  const [wasOpened, setWasOpened] = useState(props.startsOpen);
  return (
    <details open={props.startsOpen} onToggle={(event) => event.currentTarget.open && setWasOpened(true)}>
      <summary>{props.summary}</summary>
      {wasOpened && <div>{props.children}</div>}
      {props.end}
    </details>
  );
}

interface EntriesProps {
  readonly entries: readonly (readonly [string, unknown])[];
  readonly isArray: boolean;
  readonly openLevels: number;
}

function Entries({ entries, isArray, openLevels }: EntriesProps) {
  const [shown, setShown] = useState(ENTRIES_SHOWN);
  return (
    <>
      {entries.slice(0, shown).map(([name, value]) => (
        <Node key={name} value={value} name={isArray ? null : name} openLevels={openLevels} />
      ))}
      {entries.length > shown && (
        <button type="button" className={classes.more} onClick={() => setShown(shown + 10 * ENTRIES_SHOWN)}>
          {m.showAll(entries.length - shown)}
        </button>
      )}
    </>
  );
}

function Leaf({ value }: { readonly value: unknown }) {
  if (typeof value === "string") return <Text value={value} />;
  if (value instanceof JsonNumber) return <span className={classes.number}>{value.text}</span>;
  return <span className={classes.word}>{String(value)}</span>;
}

function Text({ value }: { readonly value: string }) {
  const [isWhole, setWhole] = useState(false);
  const more = isWhole ? 0 : Math.max(0, value.length - CHARS_SHOWN);
  return (
    <>
      <span className={classes.text}>
        {visible(JSON.stringify(more > 0 ? `${value.slice(0, CHARS_SHOWN)}…` : value))}
      </span>
      {more > 0 && (
        <button type="button" className={classes.more} onClick={() => setWhole(true)}>
          {m.moreCharacters(more)}
        </button>
      )}
    </>
  );
}
