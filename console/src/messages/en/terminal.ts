/** The page on which a person approves a terminal. */
export const terminal = {
  title: "Sign in a terminal",
  typeCode: "Type the code that your terminal shows.",
  code: "Code",
  codeHint: "Such as WDJB-MJHT. `signalbox login` shows it.",
  next: "Continue",
  another: "Type another code.",
  compare: "Approve only if you started this sign-in yourself, and your terminal shows exactly this code.",
  name: "Terminal",
  address: "Address",
  asked: "Asked",
  expires: "Code expires",
  askedRole: "Role asked for",
  tenant: "Tenant of the key",
  role: "Role of the key",
  above: (own: string) =>
    `The terminal asks for a higher role than your own, ${own}. It gets the role that you choose here.`,
  notYou: (own: string, needed: string) =>
    `Your role, ${own}, may not create keys. Ask somebody with the role ${needed} to open this page with the same code.`,
  gets: (tenant: string) =>
    `The terminal gets a key that acts in “${tenant}” until you revoke it, or nobody has used it for 90 days.`,
  approve: "Approve",
  deny: "Deny",
  approved: "Approved. Your terminal continues by itself; you can close this page.",
  denied: "Denied. The terminal gets no key.",
  wasApproved: "This terminal was approved already.",
  wasDenied: "This terminal was denied already.",
} as const;
