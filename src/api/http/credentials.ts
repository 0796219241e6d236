/** What a route accepts: a key, the session of a user, or either. */
export type Credentials = "key" | "session" | "keyOrSession";
