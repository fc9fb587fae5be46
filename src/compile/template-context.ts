import type { Connection } from "../connections/index.ts";
import { plainData, type YamlNode } from "../spec/index.ts";
import type { CompileContext } from "./input.ts";
import type { ResolvedParam } from "./params.ts";
import { renderTemplate, type TemplateContext } from "./template.ts";
import { shown } from "./template-filters.ts";

/** The names that templates may use, and the values as they were written. */
export interface Names {
  context: TemplateContext;
  written: Map<string, YamlNode>;
}

interface NamesInput {
  params: readonly ResolvedParam[];
  connections: ReadonlyMap<string, Connection>;
  context: CompileContext;
  name: string;
}

/** `globals`, `params`, `connections` and each param by its own name. Secrets are not among them. */
export function templateNames({ params, connections, context, name }: NamesInput): Names {
  const written = new Map<string, YamlNode>();
  const direct: TemplateContext = {};
  const long: Record<string, unknown> = {};
  const asArgs: string[] = [];
  for (const param of params) {
    const value = contextValue(param.value);
    const asArg = argumentOf(param, value);
    if (param.declared && asArg !== "") asArgs.push(asArg);
    direct[param.name] = value;
    long[param.name] = {
      value,
      connection: param.connection ?? null,
      type: param.type,
      as_str: shown(value),
      as_arg: asArg,
    };
    if (!param.value) continue;
    written.set(param.name, param.value);
    written.set(`params.${param.name}.value`, param.value);
  }
  return {
    written,
    context: {
      ...direct,
      globals: globalsOf(context, name),
      params: { as_args: asArgs, ...long },
      connections: Object.fromEntries([...connections.values()].map((one) => [one.name, connectionNames(one)])),
    },
  };
}

/** What a template may know of a connection: its schema. */
export function connectionNames(connection: Connection): Record<string, unknown> {
  return { name: connection.name, kind: connection.kind, ...structuredClone(connection.schema) };
}

function globalsOf(context: CompileContext, name: string): Record<string, unknown> {
  const { uuid, artifactsPath, contextPath, outputsPath, createdAt, namespace, user } = context;
  return {
    uuid,
    name,
    context_path: contextPath,
    artifacts_path: artifactsPath,
    run_artifacts_path: `${artifactsPath}/${uuid}`,
    run_outputs_path: outputsPath,
    run_relative_outputs_path: `${uuid}/outputs`,
    created_at: createdAt,
    compiled_at: createdAt,
    iteration: null,
    namespace: namespace ?? null,
    username: user ?? null,
  };
}

/** A number whose text says more than its value (`1e5`, `0x1F`) is its text, inside other text. */
function contextValue(node: YamlNode | undefined): unknown {
  if (node === undefined) return null;
  if (node.kind === "scalar" && typeof node.value === "number" && String(node.value) !== node.text) return node.text;
  return plainData(node);
}

/** `--name=value`, by `argFormat` when there is one; empty without a value; `--name` or nothing for a flag. */
function argumentOf(param: ResolvedParam, value: unknown): string {
  if (value === null || value === undefined || value === "") return "";
  if (param.argFormat !== undefined) {
    const rendered = renderTemplate(param.argFormat, { [param.name]: value, value, name: param.name });
    if (rendered.kind === "fault") return "";
    return rendered.kind === "text" ? rendered.text : shown(rendered.value);
  }
  if (param.isFlag) return value === true ? `--${param.name}` : "";
  return `--${param.name}=${shown(value)}`;
}
