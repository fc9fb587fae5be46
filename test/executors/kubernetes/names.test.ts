import * as fc from "fast-check";
import { expect, test } from "vitest";
import { expandVariables } from "../../../src/executors/expand-variables.ts";
import { expandable, literal } from "../../../src/executors/kubernetes/manifests/literal.ts";
import { labelsOf, objectName } from "../../../src/executors/kubernetes/manifests/names.ts";

const UUID = "0b6c1b1e-6f0e-4b62-9d3c-2f4e0d7a9c11";

/** What the kubelet makes of a text: https://github.com/kubernetes/kubernetes/blob/v1.33.0/third_party/forked/golang/expansion/expand.go */
function kubelet(text: string, env: Record<string, string>): string {
  let result = "";
  for (let index = 0; index < text.length; index++) {
    if (text[index] !== "$" || index + 1 >= text.length) result += text[index];
    else if (text[index + 1] === "$") [result, index] = [`${result}$`, index + 1];
    else if (text[index + 1] === "(") {
      const close = text.indexOf(")", index + 2);
      if (close < 0) [result, index] = [`${result}$(`, index + 1];
      else {
        const name = text.slice(index + 2, close);
        result += Object.hasOwn(env, name) ? env[name] : `$(${name})`;
        index = close;
      }
    } else result += "$";
  }
  return result;
}

const texts = fc
  .array(fc.constantFrom("$", "$$", "(A)", "(B)", "$(A)", "$$(A)", "x", "((1+2))", "(", ")"), { maxLength: 8 })
  .map((parts) => parts.join(""));

test("variables are filled in as on every executor, and a text of ours never is", () => {
  fc.assert(
    fc.property(texts, (text) => {
      expect(kubelet(expandable(text), { A: "a" })).toBe(expandVariables(text, { A: "a" }));
      expect(kubelet(literal(text), { A: "a" })).toBe(text);
    }),
  );
});

test("an object's name and labels are legal for every name of a run", () => {
  const names = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/);
  fc.assert(
    fc.property(names, (name) => {
      const object = objectName({ name }, UUID);
      expect(object).toMatch(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/);
      expect(object.length).toBeLessThanOrEqual(57);
      for (const value of Object.values(labelsOf({ name, kind: "job" }, { uuid: UUID, role: "run" })))
        expect(value).toMatch(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/);
    }),
  );
});
