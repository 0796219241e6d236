/** An explanation: its facts in order, each with its time and a link to what it is about. */
import type { Fact } from "@signalbox/sdk";
import { facts as m } from "../../messages/en/explain.ts";
import { useFirstShown } from "../list/first-shown.tsx";
import { Go } from "../page/go.tsx";
import { Foreign } from "../text/foreign.tsx";
import { Time } from "../time/time.tsx";
import classes from "./facts.module.css";

export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  const { shown, more } = useFirstShown(facts);
  return (
    <>
      <ol className={classes.facts} data-timed={facts.some(({ at }) => at !== null)}>
        {shown.map((fact, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: facts have no key, and their order is their meaning
          <li key={index} data-rule={fact.rule}>
            <span className={classes.at}>{fact.at !== null && <Time at={fact.at} absolute withMs focusable />}</span>
            <span>
              <Foreign text={fact.sentence} /> <Reference fact={fact} />
            </span>
          </li>
        ))}
      </ol>
      {more}
    </>
  );
}

function Reference({ fact: { refs } }: { readonly fact: Fact }) {
  if (refs.delivery_id !== undefined)
    return (
      <Go td="underline" to={`/deliveries/${refs.delivery_id}`}>
        {m.delivery}
      </Go>
    );
  if (refs.endpoint_id !== undefined)
    return (
      <Go td="underline" to={`/endpoints/${refs.endpoint_id}`}>
        {m.endpoint}
      </Go>
    );
  if (refs.event_id !== undefined)
    return (
      <Go td="underline" to={`/events/${refs.event_id}`}>
        {m.event}
      </Go>
    );
  return null;
}
