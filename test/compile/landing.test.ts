import { expect, test } from "vitest";
import { compileText } from "./compile-text.ts";

/** The repository lands in a folder `r` of the path. The lines of the steps that are refused, each with the line that it is told to collide with. */
function conflicts(paths: string[]): [number | undefined, string | undefined][] {
  const init = paths.map((path) => `    - {git: {url: "https://h.invalid/r"}, path: ${path}}`).join("\n");
  const { errors } = compileText(`run:\n  kind: job\n  container: {command: [x]}\n  init:\n${init}\n`);
  return errors.map(({ place, message }) => [place?.line, /line \d+/.exec(message)?.[0]]);
}

test.each<[string[], [number, string][]]>([
  [["/a", "/b", "/a/x", "/ab"], []],
  [["/a", "/a"], [[6, "line 5"]]],
  [["/a", "/b", "/b/r/c"], [[7, "line 6"]]],
  [["/b/r/c", "/a", "/b"], [[7, "line 5"]]],
  [
    ["/b/r/x", "/b/r/y", "/b", "/b/r/y/r/z"],
    [
      [7, "line 5"],
      [8, "line 6"],
    ],
  ],
])("%j: a step that lands in, above or below an earlier one is told with the earliest", (paths, expected) => {
  expect(conflicts(paths)).toEqual(expected);
});
