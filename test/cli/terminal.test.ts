import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startGitServer, type GitServer } from "../support/index.ts";
import { newDesk, noTerminal, typeAt } from "./bowline.ts";

describe.skipIf(noTerminal)(`on a terminal${noTerminal ? ` (skipped: ${noTerminal})` : ""}`, () => {
  let server: GitServer;

  beforeAll(async () => {
    server = await startGitServer({ accounts: [{ token: "t0ken", access: ["org"] }] });
    await server.add("org/test");
  });

  afterAll(() => server.close());

  test("a found config is offered to be trusted: no runs nothing, yes runs and is remembered", async () => {
    const desk = await newDesk();
    const schema = `{url: "${server.url}/org/test"}`;
    await desk.write("bowline.yaml", `connections: [{name: a, kind: git, schema: ${schema}, secret: {name: s}}]\n`);
    await desk.write("job.yaml", "run: {kind: job, init: [{connection: a}], container: {command: [cat, model.py]}}\n");
    await desk.bowline(["secrets", "set", "s", "POLYAXON_GIT_CREDENTIALS"], { input: "t0ken" });
    const no = await typeAt(desk, ["run", "-f", "job.yaml"], [["trust it from now on?", "n\r"]]);
    expect(no.exitCode).toBe(2);
    expect(no.shown).toContain("CONFIG_UNTRUSTED");
    const yes = await typeAt(desk, ["run", "-f", "job.yaml"], [["trust it from now on?", "y\r"]]);
    expect(yes.exitCode).toBe(0);
    expect(yes.shown).toContain('print("hello from main")');
    const again = await typeAt(desk, ["run", "-f", "job.yaml"], []);
    expect(again.exitCode).toBe(0);
    expect(again.shown).not.toContain("trust it");
  });

  test("the phases change in one line and are kept in another; colours are there", async () => {
    const desk = await newDesk();
    desk.env["TERM"] = "xterm";
    await desk.write("bowline.yaml", `credentials: [{match: "${server.url}/", from: {env: TOKEN}}]\n`);
    desk.env["TOKEN"] = "t0ken";
    const init = `init: [{git: {url: "${server.url}/org/test"}}]`;
    await desk.write("job.yaml", `run: {kind: job, ${init}, container: {command: [echo, ran]}}\n`);
    const { shown, exitCode } = await typeAt(desk, ["run", "-f", "job.yaml", "--config", "bowline.yaml"], []);
    expect(exitCode).toBe(0);
    const lines = shown.split("\r\u001b[K");
    const at = (text: string): number => lines.findIndex((line) => line.startsWith(`\u001b[2mtest: ${text}`));
    expect(at("fetching")).toBeGreaterThan(0);
    expect(at("fetched ")).toBeGreaterThan(at("fetching"));
    expect(shown).toMatch(/ran\r\n.*succeeded after/);
    desk.env["TERM"] = "dumb";
    const plain = await typeAt(desk, ["run", "-f", "job.yaml", "--config", "bowline.yaml"], []);
    expect(plain.shown).toContain("test: resolved");
    expect(plain.shown).not.toContain("\u001b");
  });

  test("deleting asks, and nothing but yes is a yes", async () => {
    const desk = await newDesk();
    await desk.write("job.yaml", "run: {kind: job, container: {command: [echo]}}\n");
    await desk.bowline(["run", "-f", "job.yaml"]);
    const uuid = (await desk.bowline(["ps", "-q"])).stdout.trim();
    for (const answer of ["\r", "n\r", "maybe\r"]) {
      expect((await typeAt(desk, ["delete", uuid], [["[y/N]", answer]])).exitCode).toBe(0);
      expect((await desk.bowline(["ps", "-q"])).stdout).toBe(`${uuid}\n`);
    }
    expect((await typeAt(desk, ["delete", uuid], [["[y/N]", "yes\r"]])).shown).toContain("deleted run");
    expect((await desk.bowline(["ps", "-q"])).stdout).toBe("");
  });
});
