export const go = {
  title: "Find an id",
  unknown: (id: string) => `${id} is not an id of this server.`,
  hint: "An id has a prefix and 36 characters, such as del_019f… or evt_019f…. Check that it was copied completely.",
  looking: "Looking for it",
} as const;
