/** Text that somebody else wrote: a name, a question, an answer, a header. */
import { Fragment } from "react";
import classes from "./foreign.module.css";
import { pieces } from "./visible.ts";

interface ForeignProps {
  readonly text: string;
  /** Longer text is cut, with an ellipsis. Default: 2000. */
  readonly charsMax?: number;
}

export function Foreign({ text, charsMax = 2000 }: ForeignProps) {
  const cut = text.length > charsMax ? `${text.slice(0, charsMax)}…` : text;
  return (
    // Its direction must not change that of the text around it.
    <bdi className={classes.foreign}>
      {pieces(cut).map((piece, index) =>
        piece.isMark ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text do not move
          <span key={index} className={classes.mark}>
            {piece.text}
          </span>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text do not move
          <Fragment key={index}>{piece.text}</Fragment>
        ),
      )}
    </bdi>
  );
}
