import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ownIdentity } from "../../src/lib/index.ts";
import { adopt } from "../../src/runs/adopt.ts";
import { newPlaces } from "../../src/runs/places.ts";
import { openStore } from "../../src/runs/store/open-store.ts";
import { planOf, temporaryHome } from "./plans.ts";

/** Less than what a supervisor is given to take a run. */
const AT_ONCE = { timeout: 4_000 };

async function runOfTheDead() {
  const home = temporaryHome();
  const store = await openStore(join(home.data, "runs.db"));
  const places = newPlaces(home, "docker");
  mkdirSync(places.folder, { recursive: true });
  const supervisor = { ...ownIdentity(), start: "1" };
  const plan = planOf({ command: ["true"] });
  const { uuid } = await store.create({ places, plan, executor: { kind: "docker" }, supervisor, warnings: [] });
  return { store, run: (await store.find(uuid))! };
}

const env = { PATH: process.env["PATH"] };

test("a supervisor that ends without taking the run leaves it as it is", AT_ONCE, async () => {
  const { store, run } = await runOfTheDead();
  await adopt(run, { store, env, command: ["sh", "-c", "exit 1", "sh"] });
  expect(await store.find(run.record.uuid)).toEqual(run);
  await store.close();
});

test("nobody waits for ever for a supervisor that neither takes the run nor ends", { timeout: 30_000 }, async () => {
  const { store, run } = await runOfTheDead();
  await adopt(run, { store, env, command: ["sh", "-c", "exec sleep 40", "sh"] });
  expect(await store.find(run.record.uuid)).toEqual(run);
  await store.close();
});

test("nobody waits longer for a run that is over, or deleted", AT_ONCE, async () => {
  const command = ["sh", "-c", "sleep 4", "sh"];
  const { store, run } = await runOfTheDead();
  await store.change(run.record.uuid, { status: "failed", at: new Date().toISOString() });
  await adopt(run, { store, env, command });
  await store.remove(run.record.uuid);
  await adopt(run, { store, env, command });
  expect(await store.find(run.record.uuid)).toBeUndefined();
  await store.close();
});
