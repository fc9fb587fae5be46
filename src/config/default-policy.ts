import type { Policy } from "./config.ts";

/**
 * The policy where the config says nothing. `fsck.ignore` names what forges tolerate in old history: faults in the
 * author lines of commits and in the digits of file modes, none of which can write or run anything.
 */
export const DEFAULT_POLICY: Policy = Object.freeze({
  schemes: Object.freeze(["https", "http", "ssh"]),
  plainHttpHosts: Object.freeze([]),
  urlOverride: "anonymous",
  timeouts: Object.freeze({ connect: 10_000, stall: 15_000, resolve: 10_000, materialize: 600_000 }),
  cache: Object.freeze({ maxBytes: 20 * 1024 ** 3 }),
  fsck: Object.freeze({
    ignore: Object.freeze([
      "badDate",
      "badDateOverflow",
      "badEmail",
      "badName",
      "badTimezone",
      "missingEmail",
      "missingNameBeforeEmail",
      "missingSpaceBeforeDate",
      "missingSpaceBeforeEmail",
      "multipleAuthors",
      "zeroPaddedDate",
      "zeroPaddedFilemode",
    ]),
  }),
});
