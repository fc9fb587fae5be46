import { execa } from "execa";
import { realpathSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkRunRecord } from "../support/contract.ts";
import {
  BUSYBOX,
  clusterHost,
  IMAGE,
  kubeconfig,
  noCluster,
  startGitServer,
  temporaryFolder,
  type GitServer,
} from "../support/index.ts";

const BASE = fileURLToPath(new URL("../../deploy/kubernetes", import.meta.url));
const namespace = `deploy-${process.pid}`;

function kubectl(words: string[], input?: string) {
  return execa("kubectl", words, { env: { KUBECONFIG: kubeconfig }, reject: false, ...(input && { input }) });
}

describe.skipIf(noCluster)(`deploy/kubernetes${noCluster ? ` (skipped: ${noCluster})` : ""}`, () => {
  let server: GitServer;
  let commit: string;
  let overlay: string;

  // As a user would: the base with a namespace, an image and a catalog of one's own.
  beforeAll(async () => {
    server = await startGitServer({ host: clusterHost });
    commit = (await server.add("org/test")).commits["branchA"]!;
    overlay = await temporaryFolder();
    const kustomization = {
      resources: [relative(overlay, realpathSync(BASE))],
      namespace,
      configMapGenerator: [
        { name: "bowline-config", behavior: "replace", files: ["bowline.yaml"] },
        { name: "job", files: ["job.yaml"] },
      ],
      generatorOptions: { disableNameSuffixHash: true },
    };
    await writeFile(join(overlay, "kustomization.yaml"), JSON.stringify(kustomization));
    await writeFile(join(overlay, "bowline.yaml"), JSON.stringify(catalog(server.url)));
    await writeFile(join(overlay, "job.yaml"), JSON.stringify(JOB));
  });

  afterAll(async () => {
    await kubectl(["delete", "namespace", namespace, "--ignore-not-found", "--wait=true"]);
    await server.close();
  });

  test("the server takes every object, and a pod of its account runs a polyaxonfile with its rights alone", async () => {
    await kubectl(["create", "namespace", namespace]);
    const dry = await kubectl(["apply", "-k", overlay, "--dry-run=server"]);
    expect(dry).toMatchObject({ exitCode: 0 });
    for (const each of ["serviceaccount/bowline", "role.rbac", "rolebinding.rbac", "configmap/bowline-config"]) {
      expect(dry.stdout).toContain(each);
    }
    expect(await kubectl(["apply", "-k", overlay])).toMatchObject({ exitCode: 0 });
    expect(await kubectl(["apply", "-n", namespace, "-f", "-"], JSON.stringify(RUNNER))).toMatchObject({ exitCode: 0 });
    await kubectl(["wait", "-n", namespace, "pod/runner", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=50s"]);
    const { stdout } = await kubectl(["logs", "-n", namespace, "runner"]);
    // A pod's log has what was said on the way, too.
    const record = checkRunRecord(JSON.parse(/^\{\n[^]*?^\}$/m.exec(stdout)?.[0] ?? "null"));
    expect(record).toMatchObject({ executor: "kubernetes", status: "succeeded", codeReferences: [{ commit }] });
  });
});

const RESTRICTED = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  runAsNonRoot: true,
  runAsUser: 12_345,
  seccompProfile: { type: "RuntimeDefault" },
};

const JOB = {
  version: 1.1,
  kind: "component",
  run: {
    kind: "job",
    init: [{ connection: "repo-test", git: { revision: "branchA" } }],
    container: { image: BUSYBOX, command: ["cat", "model.py"], securityContext: RESTRICTED },
  },
};

function catalog(url: string): object {
  return {
    executor: { kind: "kubernetes" },
    init: { image: IMAGE },
    connections: [{ name: "repo-test", kind: "git", schema: { url: `${url}/org/test` } }],
  };
}

const RUNNER = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "runner" },
  spec: {
    restartPolicy: "Never",
    serviceAccountName: "bowline",
    automountServiceAccountToken: true,
    volumes: [
      { name: "config", configMap: { name: "bowline-config" } },
      { name: "job", configMap: { name: "job" } },
      { name: "tmp", emptyDir: {} },
    ],
    containers: [
      {
        name: "bowline",
        image: IMAGE,
        args: ["run", "-f", "/job/job.yaml", "-o", "json"],
        env: [
          { name: "BOWLINE_CONFIG", value: "/config/bowline.yaml" },
          { name: "BOWLINE_HOME", value: "/tmp/bowline" },
        ],
        securityContext: { ...RESTRICTED, readOnlyRootFilesystem: true },
        volumeMounts: [
          { name: "config", mountPath: "/config" },
          { name: "job", mountPath: "/job" },
          { name: "tmp", mountPath: "/tmp" },
        ],
      },
    ],
  },
};
