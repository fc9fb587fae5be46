import { afterAll, beforeAll, describe } from "vitest";
import type { RunRecord } from "../../../src/runs/index.ts";
import { newDesk, type Answer, type Desk } from "../../cli/bowline.ts";
import { checkNoNull, checkRunRecord } from "../../support/contract.ts";
import {
  clusterHost,
  IMAGE,
  kubeconfig,
  noCluster,
  startGitServer,
  testNamespace,
  type GitServer,
  type GitServerOptions,
  type TestNamespace,
} from "../../support/index.ts";

export const TOKEN = "t0ken-0f-the-cluster/tests";

/** A namespace of the test cluster, and a git server that its pods reach. */
export interface ClusterTest {
  namespace: TestNamespace;
  server: () => GitServer;
  /** A desk whose config runs in the namespace; `more` are lines of it. */
  desk: (more?: string) => Promise<Desk>;
  /** Runs a polyaxonfile and stays with it. */
  run: (desk: Desk, file: string, words?: string[]) => Promise<{ record: RunRecord; answer: Answer }>;
}

/** Tests that need the cluster; reported as skipped, with the reason, where there is none. */
export function onCluster(
  purpose: string,
  options: { labels?: Record<string, string>; git?: GitServerOptions },
  tests: (test: ClusterTest) => void,
): void {
  const why = noCluster === undefined ? "" : ` (skipped: ${noCluster})`;
  describe.skipIf(noCluster !== undefined)(`${purpose}${why}`, () => {
    const namespace = testNamespace(purpose.replaceAll(/[^a-z]+/g, "-").slice(0, 20), options.labels);
    let server: GitServer | undefined;
    beforeAll(async () => {
      await namespace.open();
      const accounts = [{ token: TOKEN, access: ["org"] }];
      server = await startGitServer({ accounts, public: ["public"], host: clusterHost, ...options.git });
      for (const name of ["org/test", "org/other", "public/repo"]) await server.add(name);
      const secret = ["create", "secret", "generic", "git", `--from-literal=POLYAXON_GIT_CREDENTIALS=${TOKEN}`];
      await namespace.kubectl(secret);
    });
    afterAll(async () => {
      await server?.close();
      await namespace.close();
    });
    tests({
      namespace,
      server: () => server as GitServer,
      async desk(more = "") {
        const desk = await newDesk();
        Object.assign(desk.env, { KUBECONFIG: kubeconfig, BOWLINE_CONFIG: "bowline.yaml" });
        const { url } = server as GitServer;
        const init = more.includes("init:") ? "" : `init: {image: "${IMAGE}"}\n`;
        await desk.write(
          "bowline.yaml",
          `executor: {kind: kubernetes, namespace: ${namespace.name}}
policy: {plainHttpHosts: ["${clusterHost}"]}
connections:
- {name: private, kind: git, schema: {url: "${url}/org/test"}, secret: {name: git}}
- {name: public, kind: git, schema: {url: "${url}/public/repo"}}
${init}${more}`,
        );
        return desk;
      },
      async run(desk, file, words = []) {
        await desk.write("job.yaml", file);
        const answer = await desk.bowline(["run", "-f", "job.yaml", "-o", "json", ...words]);
        const record = JSON.parse(answer.stdout || "{}") as RunRecord;
        if (record.uuid === undefined) throw new Error(`${answer.exitCode}\n${answer.stdout}${answer.stderr}`);
        checkRunRecord(record);
        checkNoNull(record);
        return { record, answer };
      },
    });
  });
}

/** A job whose container is given in YAML of one line; `head` are lines of `run:`, `top` lines of the file. */
export function jobOf(container: string, { head = [], top = [] }: { head?: string[]; top?: string[] } = {}): string {
  const lines = head.map((line) => `  ${line}\n`).join("");
  return `version: 1.1\nkind: component\n${top.map((line) => `${line}\n`).join("")}run:\n  kind: job\n${lines}  container: ${container}\n`;
}
