/** Links inside the console. The tenant in the URL stays. */
import { Anchor, type AnchorProps, Button, type ButtonProps } from "@mantine/core";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import type { AriaAttributes, ReactNode } from "react";

/** Parameters of the query. Undefined ones are left out. */
export type Search = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Target {
  /** A path after `/console`, such as `/endpoints/ep_…`. */
  readonly to: string;
  readonly search?: Search | undefined;
}

type GoProps = Target &
  Omit<AnchorProps, "component"> &
  AriaAttributes & { readonly children: ReactNode; readonly onClick?: () => void };

export function Go({ to, search = {}, ...props }: GoProps) {
  return <Anchor component={Link} to={to} search={search as never} {...(props as object)} />;
}

export function GoButton({
  to,
  search = {},
  ...props
}: Target &
  Omit<ButtonProps, "component"> &
  AriaAttributes & { readonly children: ReactNode; readonly onClick?: () => void }) {
  return <Button component={Link} to={to} search={search as never} {...(props as object)} />;
}

export function useGo(): (target: Target & { readonly replace?: boolean }) => void {
  const navigate = useNavigate();
  return ({ to, search = {}, replace = false }) => void navigate({ to, search: search as never, replace });
}

/** A parameter of the page's path, such as `id`. */
export function usePathParam(name: string): string {
  const params = useParams({ strict: false }) as Record<string, string | undefined>;
  return params[name] ?? "";
}
