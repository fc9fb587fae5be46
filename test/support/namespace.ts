import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { kubeconfig } from "./cluster.ts";

const execute = promisify(execFile);

/** A namespace of the test cluster that is this test's alone. */
export interface TestNamespace {
  name: string;
  open: () => Promise<void>;
  close: () => Promise<void>;
  /** kubectl in this namespace, as the cluster's administrator; its standard output. */
  kubectl: (words: readonly string[], options?: { input?: string }) => Promise<string>;
  /** Pods of a run that have not ended. */
  running: (uuid: string) => Promise<string[]>;
}

/** `labels` are the namespace's, such as those of Pod Security. */
export function testNamespace(purpose: string, labels: Record<string, string> = {}): TestNamespace {
  const name = `bowline-test-${purpose}-${randomBytes(4).toString("hex")}`;

  async function run(words: readonly string[], input?: string): Promise<string> {
    const env = { ...process.env, KUBECONFIG: kubeconfig };
    const started = execute("kubectl", [...words], { env, timeout: 60_000, maxBuffer: 1 << 26 });
    started.child.stdin?.end(input ?? "");
    return (await started).stdout;
  }

  const kubectl: TestNamespace["kubectl"] = (words, { input } = {}) => run(["-n", name, ...words], input);
  return {
    name,
    kubectl,
    async open() {
      await run(["create", "namespace", name]);
      const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
      if (pairs.length > 0) await run(["label", "namespace", name, ...pairs]);
    },
    async close() {
      await run(["delete", "namespace", name, "--wait=false"]);
    },
    async running(uuid) {
      const selector = `bowline/uuid=${uuid}`;
      const answer = await kubectl(["get", "pods", "-l", selector, "-o", "json"]);
      const { items } = JSON.parse(answer) as { items: { metadata: { name: string }; status: { phase: string } }[] };
      return items.filter(({ status }) => /Pending|Running/.test(status.phase)).map(({ metadata }) => metadata.name);
    },
  };
}
