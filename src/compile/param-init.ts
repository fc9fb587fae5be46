import { nodeOf, placeOf, type YamlMap } from "../spec/index.ts";
import { mapOf } from "./node-edit.ts";
import type { ResolvedParam } from "./params.ts";
import type { Report } from "./report.ts";

/** Init entries of the params that ask for one, in their order. */
export function connectionInits(params: readonly ResolvedParam[], report: Report): YamlMap[] {
  return params.filter((param) => param.toInit).flatMap((param) => initOf(param, report) ?? []);
}

function initOf(param: ResolvedParam, report: Report): YamlMap[] | undefined {
  const { spot, type, value } = param;
  const connection = param.connection === undefined ? undefined : nodeOf(param.connection, spot);
  const refuse = (code: "PARAM_INVALID" | "NOT_SUPPORTED", message: string, hint: string): undefined => {
    report.errors.push({ code, message, hint, place: placeOf(spot) });
  };
  if (type === "git") {
    const values = param.isList && value?.kind === "list" ? value.items : [value];
    if (!connection && !value)
      return refuse(
        "PARAM_INVALID",
        `"${param.name}" has nothing to fetch`,
        "give it a connection, or a value such as {url: https://…}",
      );
    return values.map((git) => mapOf(spot, { connection, git }));
  }
  if (type === "file" && value) return [mapOf(spot, { file: value })];
  if (["artifacts", "path", "dockerfile", "tensorboard", "s3", "gcs", "wasb"].includes(type) && !connection) {
    return refuse(
      "NOT_SUPPORTED",
      `an init entry from a value of type "${type}" is Polyaxon's; Bowline does not make it`,
      "use an init entry of your own: `container: {image, command}`",
    );
  }
  if (!connection)
    return refuse(
      "PARAM_INVALID",
      `"${param.name}" cannot become an init entry: it has no connection`,
      "add `connection: NAME`, or declare it with `type: git`",
    );
  return [mapOf(spot, { connection })];
}
