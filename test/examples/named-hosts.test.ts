import { execa } from "execa";
import { expect, test } from "vitest";
import { startGitServer } from "../support/index.ts";
import { startNamedHosts } from "./named-hosts.ts";

test("git reaches a server on loopback by a real host's name, with a certificate of a private authority", async () => {
  const server = await startGitServer({ forge: "gitlab" });
  const { commits } = await server.add("org/test");
  const hosts = await startNamedHosts({ "gitlab.com": server });
  const env = { PATH: process.env["PATH"], HOME: "/nonexistent", HTTPS_PROXY: hosts.proxy, GIT_CONFIG_NOSYSTEM: "1" };
  const lsRemote = (settings: string[], url: string): Promise<{ stdout: string }> =>
    execa("git", [...settings, "ls-remote", url, "HEAD"], { env, extendEnv: false });
  try {
    const trusted = ["-c", `http.sslCAInfo=${hosts.caFile}`];
    const { stdout } = await lsRemote(trusted, "https://gitlab.com/org/test");
    expect(stdout).toContain(commits["main"]);
    expect(server.requests[0]?.headers.host).toBe("gitlab.com");
    await expect(lsRemote([], "https://gitlab.com/org/test")).rejects.toThrow(/certificate/);
    await expect(lsRemote(trusted, "https://elsewhere.example/org/test")).rejects.toThrow(/502/);
    expect(new Set(hosts.tunnels)).toEqual(new Set(["gitlab.com:443", "elsewhere.example:443"]));
  } finally {
    await hosts.close();
    await server.close();
  }
});
