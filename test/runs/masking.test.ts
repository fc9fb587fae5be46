import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Executor } from "../../src/executors/index.ts";
import { newPlaces } from "../../src/runs/places.ts";
import { openStore } from "../../src/runs/store/open-store.ts";
import { supervise } from "../../src/runs/supervise.ts";
import { ownIdentity } from "../../src/lib/index.ts";
import { plainConfig, planOf, temporaryHome } from "./plans.ts";

test("whatever an executor tells of a run, its secrets are in nothing of it", async () => {
  const home = temporaryHome();
  const store = await openStore(join(home.data, "runs.db"));
  const places = newPlaces(home, "process");
  mkdirSync(places.folder, { recursive: true });
  const plan = planOf({ command: ["true"] });
  const { uuid } = await store.create({
    ...{ places, plan, executor: { kind: "process" }, supervisor: ownIdentity(), warnings: [] },
  });
  const executor: Executor = {
    kind: "process",
    pin: async (given) => given,
    async execute(_, { onEvent, readSecret }) {
      await readSecret("s");
      const said = "says hunter22 and pr0xy-word, c@rl-word";
      onEvent({ type: "status", status: "scheduled", reason: "Said", message: said });
      onEvent({ type: "warning", warning: { code: "INTERNAL", message: said, hint: said } });
      onEvent({ type: "handle", handle: { said } });
      onEvent({ type: "git", step: "code", event: { phase: "retry", state: "wait", detail: said, ms: 1 } });
      return { reason: "ExitCode", exitCode: 1, message: said };
    },
  };
  const told: unknown[] = [];
  const record = await supervise({
    run: (await store.find(uuid))!,
    ...{ executor, store },
    secrets: {
      read: async () => new Map([["token", Buffer.from("hunter22")]]),
      findCredentialFor: () => async () => undefined,
    },
    options: {
      config: plainConfig(home),
      env: { HTTPS_PROXY: "http://me:pr0xy-word@proxy.example", http_proxy: "me:c@rl-word@proxy.example" },
    },
    attached: { onEvent: (event) => void told.push(event) },
  });
  const stored = await store.find(uuid);
  await store.close();
  const all = JSON.stringify([record, told, stored]);
  expect(all).not.toMatch(/hunter22|pr0xy-word|rl-word/);
  expect(all.match(/says \*\*\* and \*\*\*, \*\*\*/g)!.length).toBeGreaterThanOrEqual(8);
});
