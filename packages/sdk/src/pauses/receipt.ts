/** Receipts of decisions, and the keys that sign them, as the API returns them. */

/** A user who decided, with the email address at that time. */
export interface ReceiptPerson {
  /** `usr_…`. */
  readonly id: string;
  readonly email: string;
  readonly choice: string;
  readonly at: string;
}

/** What people decided, signed by the server. `verifyDecision` checks it. */
export interface Receipt {
  readonly version: 1;
  /** The key that signed it. */
  readonly key_id: string;
  /** `psr_…`. */
  readonly pause_id: string;
  /** `dev_…`: the tenant whose people decided. */
  readonly developer_id: string;
  /** SHA-256 in hex of `{message, options, details}` in the canonical form of RFC 8785. Without details, they are `[]`. */
  readonly question_hash: string;
  /** SHA-256 in hex of the metadata in canonical form, or of its exact text if it has no canonical form. */
  readonly metadata_hash: string;
  readonly choice: string;
  readonly text: string | null;
  /** The users who decided. Empty: a person decided through the link. */
  readonly people: readonly ReceiptPerson[];
  /** `user`: a signed-in user. `slack`: a user in Slack. `link`: an answer through the link. */
  readonly via: "user" | "slack" | "link";
  readonly asked_at: string;
  readonly decided_at: string;
  /** Ed25519 over the canonical form of all other fields, in base64. */
  readonly signature: string;
}

/** A public key of the server. */
export interface ReceiptKey {
  readonly key_id: string;
  readonly algorithm: "Ed25519";
  /** The 32 bytes in base64. */
  readonly public_key: string;
  readonly created_at: string;
  /** When another key replaced it. Null: it signs. */
  readonly retired_at: string | null;
}
