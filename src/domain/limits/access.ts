/** Limits of tenants and of people. Each name ends in its unit, and each comment gives the reason. */
import { DAY_MS, HOUR_MS, MB, MINUTE_MS } from "./units.ts";

/** One key for each service and person of a large organization, and a tenth of the credential cache. */
export const KEYS_PER_TENANT_COUNT_DEFAULT = 1000;
export const KEYS_PER_TENANT_COUNT_MAX = 100_000;
/** How often the use of a key is stored. Each time is a commit, and nobody needs to know the minute. */
export const KEY_USE_RECORDED_MS = HOUR_MS;
/** A key of a terminal ends when it was not used for this long, since nobody remembers on which machine it is. */
export const TERMINAL_KEY_IDLE_MS = 90 * DAY_MS;
/** How long a terminal's code can be approved: time to sign in, and too short for a code to be passed around. */
export const TERMINAL_CODE_MS = 10 * MINUTE_MS;
/** How often a terminal asks whether it was approved. Each time is one read, and a person waits for the result. */
export const TERMINAL_POLL_SECONDS = 2;
/** RFC 8628 §3.5: a terminal that asks too soon waits this much longer from then on. */
export const TERMINAL_SLOW_DOWN_SECONDS = 5;
/** A terminal that never slows down does not get ever longer waits. */
export const TERMINAL_POLL_SECONDS_MAX = 60;
/** A request may be this much early, since the network does not delay all requests by the same time. */
export const TERMINAL_POLL_EARLY_MS = 1000;
/** Terminals that begin to sign in within `TERMINAL_CODE_MS`. Anybody may, so that this bounds what strangers store. */
export const TERMINALS_OPEN_COUNT_MAX = 1000;
/** Those of one network: an office whose machines share an address. */
export const TERMINALS_PER_NETWORK_COUNT_MAX = 20;
/** RFC 8628 §5.1: after so many wrong codes within `TERMINAL_CODE_MS`, a person waits. There are 20^8 codes. */
export const WRONG_USER_CODES_COUNT_MAX = 5;
export const KEY_NAME_CHARS_MAX = 200;
/** `user@host`: more than most host names have. */
export const TERMINAL_NAME_CHARS_MAX = 80;
/** Longer than any code with its hyphen and the spaces around it. */
export const USER_CODE_CHARS_MAX = 40;
/** The number that one page can list. */
export const SOURCES_PER_TENANT_COUNT_DEFAULT = 1000;
/** Creating a source counts the existing ones, which takes the writer 0.2 ms. */
export const SOURCES_PER_TENANT_COUNT_MAX = 10_000;
/** Ten pauses per second, each open for a day. With the largest metadata, they take 20 GB. */
export const OPEN_PAUSES_PER_TENANT_COUNT_DEFAULT = 1_000_000;
export const OPEN_PAUSES_PER_TENANT_COUNT_MAX = 10_000_000;
/** Stops a runaway client before most disks are full. Set a lower quota for a tenant that shares its server. */
export const STORED_BYTES_PER_TENANT_DEFAULT = 1024 * 1024 * MB;
/** More than SQLite can store in a file with 4 KB pages. */
export const STORED_BYTES_PER_TENANT_MAX = 1024 * 1024 * 1024 * MB;
/** What an event, and each of its deliveries, takes on disk in addition to the payload. */
export const STORED_BYTES_PER_ROW = 256;
/** Several times the throughput of one server, so that a tenant alone on a server is never slowed down. */
export const EVENTS_PER_SECOND_DEFAULT = 100_000;
export const EVENTS_PER_SECOND_MAX = 1_000_000;
/** Tenants whose rate is kept in memory. A tenant that was evicted starts again with one full second. */
export const RATED_TENANTS_COUNT_MAX = 10_000;
/** Tenant names are shown to people: in questions, mail subjects and text messages. */
export const TENANT_NAME_CHARS_MAX = 200;

/** NIST SP 800-63B §3.1.1: the minimum length of a password. */
export const PASSWORD_CHARS_MIN = 8;
/** Far longer than any passphrase. The limit bounds the cost of hashing. */
export const PASSWORD_CHARS_MAX = 1024;
/** A session ends when it was not used for this long, which spans a night. */
export const SESSION_IDLE_MS = 12 * HOUR_MS;
/** A session ends after this time, even if it is in use. */
export const SESSION_MS_MAX = 7 * DAY_MS;
/** How long a link to set a password works: over a weekend. */
export const PASSWORD_LINK_MS = 3 * DAY_MS;
/** Users of one tenant: more people than sign in to one server, and few enough to list. */
export const USERS_PER_TENANT_COUNT_MAX = 10_000;
/** Longer than any token, because some people paste the whole link. */
export const LINK_TOKEN_CHARS_MAX = 1000;
/** Sites that may show a tenant's portal. They are sent with each of its pages, in one header. */
export const PORTAL_ORIGINS_COUNT_MAX = 20;
/** A host name has at most 253 characters. */
export const PORTAL_ORIGIN_CHARS_MAX = 270;
/** How long a password that was typed lets its session decide protected pauses: one sitting, not a screen left open. */
export const PASSWORD_FRESH_MS = 5 * MINUTE_MS;
/** How often the use of a session is stored. Each time is a commit, and a limit of 12 hours needs no more precision. */
export const SESSION_USE_RECORDED_MS = MINUTE_MS;
/** Live sessions of one user. A further one ends the oldest. Scripts that sign in seldom sign out. */
export const SESSIONS_PER_USER_COUNT_MAX = 100;
/** How long a wrong password counts. */
export const BAD_PASSWORDS_WINDOW_MS = 15 * MINUTE_MS;
/** Wrong passwords for one account from one address: a person who forgot the password. */
export const BAD_PASSWORDS_HERE_COUNT_MAX = 5;
/** Wrong passwords for one account from all addresses: an attack by many machines. */
export const BAD_PASSWORDS_ACCOUNT_COUNT_MAX = 50;
/** Wrong passwords from one address for all accounts: one machine that tries a list of names. */
export const BAD_PASSWORDS_ADDRESS_COUNT_MAX = 20;
/** Accounts, addresses and pairs of them whose wrong passwords are remembered. Each takes a few hundred bytes. */
export const BAD_PASSWORDS_KEPT_COUNT_MAX = 10_000;
/** Passwords that wait to be checked. One check takes about 30 ms, one after another; further requests are refused. */
export const PASSWORD_CHECKS_WAITING_COUNT_MAX = 100;
/** A value in an audit entry: any URL in use. Longer ones, such as 100 event filters, are cut, so that an entry takes 20 KB. */
export const AUDIT_VALUE_CHARS_MAX = 1000;
