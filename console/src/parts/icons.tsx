/** The few pictures that the console needs. Each is decoration next to a word, or inside a control with a name. */
import type { ReactNode } from "react";

function icon(paths: ReactNode) {
  return function Icon({ size = 16 }: { readonly size?: number }) {
    return (
      <svg
        width={size}
        height={size}
        viewBox="0 0 16 16"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
      >
        {paths}
      </svg>
    );
  };
}

export const ArrowIcon = icon(<path d="M2 8h12M10 4l4 4-4 4" />);
export const MenuIcon = icon(<path d="M2 4h12M2 8h12M2 12h12" />);
export const SearchIcon = icon(
  <>
    <circle cx="7" cy="7" r="4.5" />
    <path d="m10.5 10.5 3.5 3.5" />
  </>,
);
export const UserIcon = icon(
  <>
    <circle cx="8" cy="5.5" r="2.75" />
    <path d="M2.75 14c.6-2.7 2.7-4 5.25-4s4.65 1.3 5.25 4" />
  </>,
);
export const CopyIcon = icon(
  <>
    <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
    <path d="M10.5 5.5v-1A1.5 1.5 0 0 0 9 3H4a1.5 1.5 0 0 0-1.5 1.5v5A1.5 1.5 0 0 0 4 11h1.5" />
  </>,
);
export const CheckIcon = icon(<path d="m3 8.5 3.25 3.25L13 5" />);
export const ChevronIcon = icon(<path d="m6 4 4 4-4 4" />);
export const MoreIcon = icon(<path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2.25" />);
export const DownIcon = icon(<path d="m4 6 4 4 4-4" />);
export const FilterIcon = icon(<path d="M2.5 4h11M4.5 8h7M6.5 12h3" />);
