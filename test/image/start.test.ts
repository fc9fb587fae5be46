import { execa } from "execa";
import { describe, expect, test } from "vitest";
import {
  BUSYBOX,
  clusterHost,
  dockerHost,
  IMAGE,
  kubeconfig,
  noCluster,
  noDocker,
  startGitServer,
} from "../support/index.ts";

describe.skipIf(noDocker)(`start of the image in Docker${noDocker ? ` (skipped: ${noDocker})` : ""}`, () => {
  const env = { DOCKER_HOST: dockerHost };

  test("options alone are for the initializer, words for the command", async () => {
    const help = await execa("docker", ["run", "--rm", IMAGE, "--help"], { env });
    expect(help.stdout).toContain("Usage: bowline initializer git");
    const version = await execa("docker", ["run", "--rm", IMAGE, "version"], { env });
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test("the shell image runs beside it", async () => {
    const { stdout } = await execa("docker", ["run", "--rm", "--network", "none", BUSYBOX, "echo", "hi"], { env });
    expect(stdout).toBe("hi");
  });
});

describe.skipIf(noCluster)(`start of the image in a cluster${noCluster ? ` (skipped: ${noCluster})` : ""}`, () => {
  test("a pod of it fetches from a server of the tests", async () => {
    const server = await startGitServer({ host: clusterHost });
    const { commits } = await server.add("org/test");
    const name = `start-${process.pid}`;
    const words = ["--url", `${server.url}/org/test`, "--path", "/tmp/code", "-o", "json"];
    try {
      const kubectl = (...some: string[]) => execa("kubectl", some, { env: { KUBECONFIG: kubeconfig }, reject: false });
      await kubectl("run", name, "--image", IMAGE, "--restart=Never", "--quiet", "--", ...words);
      // not attached to: what it says before that would be lost
      await kubectl("wait", `pod/${name}`, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s");
      const { stdout } = await kubectl("logs", name);
      await kubectl("delete", "pod", name, "--now");
      // A pod's log has what was said on the way, too.
      expect(JSON.parse(stdout.slice(stdout.indexOf("{")))).toMatchObject({ commit: commits["main"], cache: "miss" });
    } finally {
      await server.close();
    }
  });
});
