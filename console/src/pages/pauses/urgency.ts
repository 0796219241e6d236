/** How pressing a question is: by the share of its time that is left. */
export type Urgency = "calm" | "soon" | "almost";

const SOON_SHARE = 0.1;
const ALMOST_SHARE = 0.01;

export function urgencyOf(leftMs: number, wholeMs: number): Urgency {
  if (leftMs < wholeMs * ALMOST_SHARE || leftMs === 0) return "almost";
  return leftMs < wholeMs * SOON_SHARE ? "soon" : "calm";
}
