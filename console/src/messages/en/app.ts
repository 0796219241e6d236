/** What the shell, the parts and the pages have in common. */
import { integer, plural } from "../../parts/locale.ts";

export const nav = {
  main: "Main",
  open: "Open navigation",
  close: "Close navigation",
  skip: "Skip to the content",
  overview: "Overview",
  deliveries: "Deliveries",
  events: "Events",
  endpoints: "Endpoints",
  eventTypes: "Event types",
  pauses: "Pauses",
  inbound: "Inbound",
  jobs: "Jobs",
  access: "Access",
  settings: "Settings",
  health: "Health",
  openPauses: "open",
  readOnly: (role: string) => `Your role, ${role}, may only read.`,
  refusedInbound: "refused in the last day",
} as const;

export const account = {
  menu: (email: string) => `Your account, ${email}`,
  signOut: "Sign out",
  settings: "Settings",
  signedInAs: "Signed in as",
  role: {
    agent: "agent",
    viewer: "viewer",
    developer: "developer",
    org_admin: "organization admin",
    global_admin: "global admin",
  },
  tenant: "Tenant",
  ownTenant: "your own",
  allTenants: "Type to find a tenant, or paste its id",
} as const;

export const page = {
  publicUrlHint: (origin: string) =>
    `If others cannot reach ${origin}, set SIGNALBOX_PUBLIC_URL at the server to the address that they use.`,
  title: (name: string) => `${name} · Signalbox`,
  loading: "Loading",
  notFound: "There is nothing at this address",
  notFoundHint:
    "The address may be mistyped, or from another version. Search for an id with Ctrl K, or go to the overview.",
  toOverview: "Go to the overview",
  badTab: (tab: string, shown: string) => `This page has no part named ${tab}, so this is its part “${shown}”.`,
  needsRole: (role: string) => `This page needs the role ${role}`,
  needsRoleHint: (own: string, needed: string) =>
    `You are signed in as ${own}. Ask somebody with the role ${needed} to show you this page, or to change your role.`,
  otherTenant: (own: string) =>
    `This address names a tenant. You are signed in as ${own}, who sees only the own tenant.`,
  ownTenant: "Show your own tenant",
  unreachable: "The server cannot be reached",
  crashed: "This page failed",
  crashedHint: "The other pages work. Try again, and report the text below if it happens again.",
  newVersion: "A new version of the console runs here",
  newVersionHint: "This page belongs to the version before. Reload to continue.",
  reload: "Reload",
  notBuilt: "The console does not show this yet. The API does: see its reference at /docs.",
} as const;

export const problem = {
  tryAgain: "Try again",
  code: "Code",
  network: "The server cannot be reached. Check that it runs, and your connection.",
  sessionEnded: "Your session has ended. Sign in, and try again.",
  signedInAgain: "You are signed in again. Try again.",
  foreignOrigin:
    "The server does not accept this address as its own. Set SIGNALBOX_PUBLIC_URL to the address in your browser, and restart the server.",
  retryIn: (seconds: number) =>
    seconds < 120
      ? plural(Math.ceil(seconds), { one: "Try again in # second.", other: "Try again in # seconds." })
      : plural(Math.ceil(seconds / 60), { one: "Try again in # minute.", other: "Try again in # minutes." }),
  storeUnavailable: "The server cannot store anything at the moment. Nothing that it accepted is lost.",
  faults: (count: number) => plural(count, { one: "# field needs a change.", other: "# fields need a change." }),
  noSuchTitle: (what: string) => `There is no such ${what}`,
  noSuch: (what: string) => `There is no such ${what}, or it belongs to another tenant.`,
  noSuchHint: "Search for an id with Ctrl K.",
  goneTitle: (what: string) => `This ${what} is gone`,
  gone: (what: string) => `This ${what} was deleted, or is no longer retained. It was there when this page was opened.`,
  deleted: "(deleted)",
  endpointFull: "The endpoint that is full:",
  resume: "Resume",
  resumed: "The endpoint is resumed. Try again.",
} as const;

export const list = {
  of: (shown: number) => plural(shown, { one: "# row", other: "# rows" }),
  total: (total: number) => `of ${integer(total)}`,
  next: "Next page",
  first: "First page",
  newRows: (count: number, more: boolean) =>
    more ? `${integer(count)}+ new` : plural(count, { one: "# new", other: "# new" }),
  follow: "Follow",
  following: "Following",
  filters: "Filters",
  clearFilters: "Clear filters",
  droppedFilter: (name: string, value: string) =>
    `The filter ${name}=${value} is not valid here, so it was left out. The other filters apply.`,
  lostCursor: "That page of the list no longer exists, so this is the first page.",
  nothingMatches: "Nothing matches these filters",
  nothingYet: "Nothing matches these filters so far",
  searchedTo: "Searched back to",
  searchedPart: "A part of the list was searched.",
  searchFurther: "Search further",
  showMore: (count: number, left: number) =>
    count === left
      ? plural(count, { one: "Show # more", other: "Show # more" })
      : `Show ${integer(count)} of ${integer(left)} more`,
  selected: (count: number) => plural(count, { one: "# selected", other: "# selected" }),
  clearSelection: "Clear selection",
  selectRow: (name: string) => `Select ${name}`,
  selectAll: "Select all on this page",
  actions: "Actions",
  anything: "Any",
} as const;

export const copy = {
  copy: "Copy",
  copied: "Copied",
  failed: "The browser did not allow copying",
  menu: "Copy this view",
  link: "Link",
  curl: "As curl",
  command: "As command",
  id: "Copy id",
} as const;

export const live = {
  live: "Live",
  connecting: "Connecting",
  polling: (time: string) => `Not live since ${time}. Refreshes every 15 s.`,
  /** Where the sentence has no place. */
  notLive: "Not live",
  paused: "Paused while this tab was hidden",
} as const;

export const keys = {
  help: "Help and shortcuts",
  words: [
    ["Retry", "sends the same delivery again after it failed, expired or was cancelled, with its whole schedule"],
    ["Replay", "creates a new delivery of the same event, whatever became of the first one"],
    ["Recover", "brings back everything that one endpoint has missed since a time"],
  ],
  docs: "The server's documentation of its API",
  palette: "Search or jump to",
  paletteHint: "A page, an endpoint, an id, or a text in payloads",
  nothing: "Nothing found",
  inPayloads: (text: string) => `Events with “${text}” in the payload`,
  general: "Everywhere",
  go: "Go to",
  thisPage: "On this page",
  list: "In a list",
  singleKeysOff: "Single keys are switched off in the settings.",
  showHelp: "Show the shortcuts",
  openPalette: "Open the palette",
  filter: "Go to the filter",
  close: "Close, or leave a field",
  utc: "Switch between local time and UTC",
  live: "Follow new rows",
  nextRow: "Next row",
  previousRow: "Previous row",
  openRow: "Open the row",
  selectRow: "Select the row",
  copyId: "Copy the id",
  copyCurl: "Copy as curl",
  next: "Next of the list",
  previous: "Previous of the list",
} as const;

export const time = {
  local: "local time",
  utc: "UTC",
  never: "never",
  in: (length: string) => `in ${length}`,
  now: "now",
  ended: "ended",
} as const;

export const form = {
  cancel: "Cancel",
  /** Which entry of a field that holds several. */
  item: (position: number) => `Entry ${position}`,
  close: "Close",
  save: "Save",
  showTyped: "Show or hide what you typed",
  required: "Required",
  typeName: (name: string) => `Type ${name} to confirm`,
  optional: "optional",
} as const;

export const payload = {
  raw: "Raw",
  tree: "Tree",
  size: (size: string) => `${size}`,
  truncated: (shown: string, total: string) => `Shows the first ${shown} of ${total}.`,
  showAll: (count: number) => plural(count, { one: "# more", other: "# more" }),
  moreCharacters: (count: number) => plural(count, { one: "# more character", other: "# more characters" }),
  empty: "Empty",
  expand: "Expand",
  collapse: "Collapse",
} as const;
