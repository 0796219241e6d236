export const signIn = {
  title: "Sign in",
  email: "Email address",
  password: "Password",
  submit: "Sign in",
  wrong: "The email address or the password is wrong.",
  firstUser: "The first start printed the first user and its password. To set a new password, run:",
  command: "npx signalbox admin users reset-password EMAIL",
  lapsed: "Your session has ended",
  lapsedHint: "Sign in again to continue. What you typed is still here.",
  otherUser: "You signed in as somebody else, so the page is loaded again.",
} as const;
