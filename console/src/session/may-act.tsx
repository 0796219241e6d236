import type { ReactNode } from "react";
import { useMay } from "./me.ts";

/** Shows what changes something only to a person who may change something. Its shortcuts are gone with it. */
export function MayAct({ children }: { readonly children: ReactNode }) {
  return useMay("developer") && children;
}
