/** The product's sign. Its name is next to it, so it says nothing itself. */
export function Logo({ size = 24 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#2f5fc4" />
      <path d="M8 21V11m6 14V7m6 12v-6m5 8V9" fill="none" stroke="#fff" strokeWidth="3" strokeLinecap="round" />
    </svg>
  );
}
