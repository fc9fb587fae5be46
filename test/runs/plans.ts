import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { ContainerPlan, Plan } from "../../src/compile/index.ts";
import type { Config, Home } from "../../src/config/index.ts";
import { temporaryRoot } from "../support/temporary-folder.ts";

/** A folder of its own below that of all tests. */
export function temporaryHome(prefix = "bowline-runs-"): Home {
  mkdirSync(temporaryRoot, { recursive: true, mode: 0o755 });
  const root = mkdtempSync(join(temporaryRoot, prefix));
  return {
    config: join(root, "config"),
    data: join(root, "data"),
    state: join(root, "state"),
    cache: join(root, "cache"),
  };
}

/** A config without connections, as when there is no file. */
export function plainConfig(home: Home): Config {
  return {
    origin: "none",
    trusted: true,
    executor: { kind: "process" },
    catalog: { connections: new Map(), credentials: [] },
    init: {},
    policy: {
      schemes: ["https", "http", "ssh"],
      plainHttpHosts: [],
      urlOverride: "anonymous",
      timeouts: { connect: 10_000, stall: 15_000, resolve: 10_000, materialize: 600_000 },
      fsck: { ignore: [] },
      cache: { maxBytes: 1e9 },
    },
    home,
    network: {},
    settings: [],
    warnings: [],
  };
}

/** A plan as compile would give it for one container. */
export function planOf(main: Partial<ContainerPlan>, rest: Partial<Plan> = {}): Plan {
  return {
    apiVersion: "bowline/v1",
    kind: "job",
    name: "test",
    params: {},
    connections: {},
    artifactsPath: "/nowhere",
    init: [],
    main: { name: "main", env: [], connections: [], rest: {}, ...main },
    sidecars: [],
    volumes: [],
    environment: {},
    termination: { maxRetries: 0 },
    ports: [],
    replicas: 1,
    ...rest,
  };
}
