import * as crypto from "node:crypto";
import { expect, test } from "vitest";
import { standIn } from "../../src/cli/late-modules.ts";

test("a module is loaded when something of it is asked for, and then is as it is", () => {
  let loads = 0;
  const late = standIn(() => {
    loads += 1;
    return crypto;
  }) as typeof crypto;
  expect(loads).toBe(0);
  expect(late.createHash("sha256").update("a").digest("hex")).toMatch(/^ca978112/);
  expect(loads).toBe(1);
  expect("randomBytes" in late).toBe(true);
  expect("nothing" in late).toBe(false);
});

test("one whose properties are fixed can be copied name by name, as bundlers do", () => {
  const fixed = Object.freeze({ one: 1, two: 2 });
  const copy: Record<string, unknown> = {};
  const late = standIn(() => fixed);
  for (const name of Object.getOwnPropertyNames(late)) {
    const { enumerable } = Object.getOwnPropertyDescriptor(late, name)!;
    Object.defineProperty(copy, name, { value: Reflect.get(late, name), enumerable: enumerable === true });
  }
  expect(copy).toEqual({ one: 1, two: 2 });
});
