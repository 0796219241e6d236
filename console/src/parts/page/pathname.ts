import { useMatch } from "@tanstack/react-router";

/**
 * The path of the page that is shown. The router's location is that of the next page while its file loads, and a page that
 * reads the location renders once more before it goes.
 */
export function usePathname(): string {
  return useMatch({ strict: false, select: ({ pathname }) => pathname });
}
