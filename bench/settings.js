// What the parts of the bench agree on.

/** User and password of the git server. */
export const LOGIN = "bench:t0ken-of-the-bench";

/** The far server: milliseconds of a round trip, and 100 Mbit/s. */
export const LINE = { roundTrip: 50, bytesPerSecond: 12_500_000 };

/** The branch that is fetched. */
export const BRANCH = "refs/heads/main";

/** The server's, in its folder. */
export const KEY_FILE = "key.pem";
export const CERTIFICATE_FILE = "certificate.pem";
