import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.ts";

/** The suites that fetch over http: once by the engine's own protocol, once by git, with the same result. */
const FETCHING = [
  "cache",
  "cache-access",
  "cache-damage",
  "cache-size",
  "echoes",
  "faults",
  "hosts",
  "hostile",
  "hostile-packs",
  "killed",
  "lfs",
  "like-git",
  "liars",
  "git-limits",
  "limits",
  "materialize",
  "odd-answers",
  "odd-content",
  "places",
  "random-repositories",
  "scope",
  "servers",
  "submodules",
  "trust",
];

export default defineConfig({
  test: {
    globalSetup: "test/support/global-setup.ts",
    setupFiles: "test/support/property-tests.ts",
    // The system copies a process's page tables at each start of another, and tests start thousands: small ones do it in a tenth of the time.
    pool: "forks",
    isolate: false,
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 120_000,
    projects: [
      { extends: true, test: { name: "all", include: ["test/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "fetched by git",
          include: FETCHING.map((suite) => `test/git/${suite}.test.ts`),
          env: { BOWLINE_GIT_FETCH: "git" },
        },
      },
    ],
  },
});
