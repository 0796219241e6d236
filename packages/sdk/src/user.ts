/** A user, by the e-mail address at that time. */
export interface UserRef {
  /** `usr_…`. */
  readonly id: string;
  readonly email: string;
}
