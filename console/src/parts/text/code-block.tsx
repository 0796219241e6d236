/** A command or a program, which can be copied. A long one scrolls by itself. */
import { copy as m } from "../../messages/en/app.ts";
import { CopyButton } from "../actions/copy-button.tsx";
import classes from "./code-block.module.css";

interface CodeBlockProps {
  readonly text: string;
  /** What it is, for people who do not see it. */
  readonly label: string;
}

export function CodeBlock({ text, label }: CodeBlockProps) {
  return (
    <div className={classes.frame}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className={classes.code} tabIndex={0} aria-label={label}>
        <pre>{text}</pre>
      </section>
      <div className={classes.copy}>
        <CopyButton small text={text} label={`${m.copy}: ${label}`} />
      </div>
    </div>
  );
}
