import { once } from "node:events";
import { afterAll, beforeAll, test } from "vitest";
import { startGitServer, type GitServer } from "../support/index.ts";
import { privateDesk, writeConfig } from "./desk.ts";
import { noProc, processesOf, until } from "./processes.ts";

let server: GitServer;

beforeAll(async () => {
  // Without protocol v2 it is git that fetches.
  server = await startGitServer({ forge: "v0" });
  await server.add("org/test");
});
afterAll(() => server.close());

test.skipIf(noProc).each([
  ["initializer git", (url: string) => ["initializer", "git", "--url", url, "--path", "code", "--no-cache"]],
  ["connections check", () => ["connections", "check", "repo-test", "--revision", "1234567"]],
])(
  `%s: git, waiting for a silent server, ends with the command, though that was killed by kill -9${noProc ? ` (skipped: ${noProc})` : ""}`,
  async (_, words) => {
    const desk = await privateDesk();
    const url = `${server.url}/org/test`;
    await writeConfig(desk, [{ url }]);
    server.faults.splice(0, Infinity, { match: ({ body }) => body.includes("want "), stall: 0 });
    const before = server.requests.length;
    const child = desk.start([...words(url), "--config", "config.yaml"]);
    const helpers = () => processesOf(desk.folder).filter(({ line }) => line.includes("remote-http"));
    await until(
      () => helpers().length > 0 && server.requests.slice(before).some(({ body }) => body.includes("want ")),
      () => "git waits for the server",
    );
    child.kill("SIGKILL");
    await once(child, "exit");
    // Sooner than the stall limit of git itself, which would end it after 15 s.
    const left = (): string[] => helpers().map(({ line }) => line);
    await until(
      () => left().length === 0,
      () => `git is still there: ${left().join(" ")}`,
      10_000,
    );
  },
);
