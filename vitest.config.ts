import { defineConfig } from "vitest/config";

/** The suites that fetch over http: once by the engine's own protocol, once by git, with the same result. */
const FETCHING = [
  "cache",
  "cache-access",
  "cache-damage",
  "cache-size",
  "faults",
  "hosts",
  "hostile",
  "hostile-packs",
  "killed",
  "lfs",
  "liars",
  "materialize",
  "odd-answers",
  "odd-content",
  "places",
  "scope",
  "servers",
  "submodules",
  "trust",
];

export default defineConfig({
  test: {
    globalSetup: "test/support/global-setup.ts",
    setupFiles: "test/support/property-tests.ts",
    pool: "threads",
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
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
