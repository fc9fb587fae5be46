import fc from "fast-check";
import { stringify } from "yaml";

const WORDS = [
  "version",
  "kind",
  "run",
  "init",
  "git",
  "container",
  "connection",
  "connections",
  "params",
  "inputs",
  "value",
  "type",
  "name",
  "url",
  "flags",
  "revision",
  "component",
  "operation",
  "pathRef",
  "runPatch",
  "job",
  "service",
  "toInit",
  "toEnv",
  "path",
  "file",
  "content",
  "command",
  "args",
  "env",
  "termination",
  "timeout",
  "build",
  "experiment",
  "commit",
  "image",
  "matrix",
  "plugins",
  "history",
  "submodules",
  "sparse",
  "chmod",
  "sidecars",
  "environment",
  "volumes",
  "<<",
  "__proto__",
  "constructor",
  "toString",
  "repo-test",
  "repo1",
  "warehouse",
  "{{ globals.uuid }}",
  "{{ x }}",
  "{{",
  "{%",
  "1.1",
  "1e5",
  "0x1F",
  "0600",
  "yes",
  "~",
  "-",
  "*a",
  "&a",
  "...",
  "---",
  "--depth 1",
  "main",
  "refs/heads/x",
  "/code",
  "../x",
  "true",
  "3",
];
/** A word of polyaxonfiles, or any other. */
export const word = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...WORDS) },
  fc.string({ maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 6 }),
);
/** Any structure of words and plain values. */
export const tree = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    word,
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(word, tie("value"), { maxKeys: 5 }),
  ),
})).value;

/** A file that is nearly right: the places that matter, filled with anything. */
export const nearlyRight = fc.record(
  {
    version: fc.oneof(fc.constant(1.1), word, tree),
    kind: fc.constantFrom("component", "operation", "experiment", "job"),
    name: fc.oneof(fc.constant("n"), word),
    inputs: fc.oneof(
      fc.array(
        fc.record(
          {
            name: word,
            type: word,
            value: tree,
            isOptional: fc.boolean(),
            isList: fc.boolean(),
            toInit: fc.boolean(),
            argFormat: word,
          },
          { requiredKeys: [] },
        ),
        { maxLength: 3 },
      ),
      tree,
    ),
    params: fc.oneof(
      fc.dictionary(
        word,
        fc.oneof(
          tree,
          fc.record(
            { value: tree, connection: word, init: fc.boolean(), contextOnly: fc.boolean() },
            { requiredKeys: [] },
          ),
        ),
        { maxKeys: 3 },
      ),
      tree,
    ),
    run: fc.oneof(
      fc.record(
        {
          kind: fc.constantFrom("job", "service", "dag", "{{ x }}"),
          init: fc.array(
            fc.record(
              {
                connection: fc.oneof(fc.constantFrom("repo-test", "repo1", "warehouse", "no-url"), word),
                git: fc.oneof(
                  fc.record(
                    { url: word, revision: word, flags: fc.array(word, { maxLength: 3 }), history: tree, sparse: tree },
                    { requiredKeys: [] },
                  ),
                  tree,
                ),
                path: word,
                container: tree,
                file: tree,
              },
              { requiredKeys: [] },
            ),
            { maxLength: 3 },
          ),
          connections: fc.array(word, { maxLength: 2 }),
          container: fc.oneof(
            fc.record(
              { command: fc.array(word), args: fc.array(word), workingDir: word, env: tree },
              { requiredKeys: [] },
            ),
            tree,
          ),
          sidecars: tree,
          ports: tree,
          environment: tree,
        },
        { requiredKeys: ["kind"] },
      ),
      tree,
    ),
    termination: tree,
    runPatch: tree,
    component: tree,
    pathRef: word,
  },
  { requiredKeys: ["run"] },
);

/** A value as YAML. */
export function dump(value: unknown): string {
  try {
    return stringify(value, { aliasDuplicateObjects: false });
  } catch {
    return JSON.stringify(value) ?? "null";
  }
}
