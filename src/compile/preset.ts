import { checkShape, nodeOf, placeOf, readYaml, schemas, sourceOf, type YamlMap } from "../spec/index.ts";
import type { CompileInput } from "./input.ts";
import { asMap, commandLineSpot, get, mapOf, spotOfKey, withEntry } from "./node-edit.ts";
import { withInitEntry, withRevision } from "./operation.ts";
import type { Report } from "./report.ts";

const REVISION_OPTION = "--git-revision";

/** The git preset file as the first init entry, and the revision of the command line. */
export function applyGitPreset(run: YamlMap, input: CompileInput, report: Report): YamlMap {
  const { gitPreset, gitRevision } = input;
  const spot = commandLineSpot(REVISION_OPTION);
  const revision = gitRevision === undefined ? undefined : nodeOf(gitRevision, spot);
  if (!gitPreset) return revision ? withRevision(run, revision, { what: REVISION_OPTION, report }) : run;
  const source = readYaml(gitPreset.text, gitPreset.name);
  report.errors.push(...source.problems);
  const root = asMap(source.root);
  if (!root) {
    if (source.problems.length === 0) {
      const place = source.root ? placeOf(source.root.spot) : { file: gitPreset.name, line: 1, column: 1 };
      report.errors.push({
        code: "FIELD_INVALID",
        message: "a git preset is one init entry",
        hint: "write it anew with `bowline init --git-connection NAME`",
        place,
      });
    }
    return run;
  }
  const { problems } = checkShape(schemas.initEntry, sourceOf(root, gitPreset.name), { templates: true });
  report.errors.push(...problems);
  if (problems.length > 0) return run;
  if (!revision) return withInitEntry(run, root);
  const git = asMap(get(root, "git")) ?? mapOf(spot, {});
  const value = withEntry(git, "revision", { key: spot, value: revision });
  return withInitEntry(run, withEntry(root, "git", { key: spotOfKey(root, "git"), value }));
}
