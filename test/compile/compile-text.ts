import { BowlineError } from "../../src/lib/index.ts";
import { compile, type CompileInput, type CompileResult, type Plan } from "../../src/compile/index.ts";
import type { Catalog, Connection } from "../../src/connections/index.ts";

/** The catalog of the page, and a few connections that are used in tests. */
export const CATALOG: Catalog = {
  connections: new Map(
    [
      git("repo-test", "https://gitlab.com/org/test", { secret: { name: "gitlab-connection" } }),
      git("polyaxon-quick-start", "https://github.com/polyaxon/polyaxon-quick-start"),
      git("repo1", "https://github.com/org/private-repo1", { secret: { name: "git-secret" } }),
      git("repo2", "https://github.com/org/private-repo2", { secret: { name: "git-secret" } }),
      git("Repo.Two", "git@git.corp:team/two.git", {
        kind: "ssh",
        secret: { name: "deploy-key", mountPath: "/root/.ssh" },
      }),
      git("pinned", "https://gitlab.com/org/pinned", {
        schema: { url: "https://gitlab.com/org/pinned", revision: "v1", flags: ["--depth 5", "--tags"] },
      }),
      git("no-url", "", { schema: {} }),
      {
        name: "warehouse",
        kind: "custom",
        schema: { host: "db.corp", port: 5432 },
        secret: { name: "db" },
      } as Connection,
    ].map((one) => [one.name, one]),
  ),
  credentials: [],
};

function git(name: string, url: string, more: Partial<Connection> = {}): Connection {
  return { name, kind: "git", schema: { url }, place: { file: "bowline.yaml", line: 2, column: 5 }, ...more };
}

/** Paths as in containers. */
export const CONTEXT: CompileInput["context"] = {
  uuid: "0b6c1b1e-6f0e-4b62-9d3c-2f4e0d7a9c11",
  artifactsPath: "/plx-context/artifacts",
  contextPath: "/plx-context",
  outputsPath: "/plx-context/artifacts/0b6c1b1e-6f0e-4b62-9d3c-2f4e0d7a9c11/outputs",
  createdAt: "2026-11-23T08:00:00.000Z",
  user: "ada",
};

export interface TextOptions extends Partial<CompileInput> {
  /** Presets after the file. */
  presets?: string[];
  /** What `pathRef` and `urlRef` find. */
  references?: Record<string, string>;
}

/** Compiles a text as `job.yaml` against the catalog above. */
export function compileText(text: string, { presets = [], references = {}, ...rest }: TextOptions = {}): CompileResult {
  return compile({
    files: [
      { name: "job.yaml", text },
      ...presets.map((preset, index) => ({ name: `preset${index + 1}.yaml`, text: preset })),
    ],
    readReference: (path) => {
      const found = references[path];
      if (found !== undefined) return found;
      throw new BowlineError({ code: "FILE_NOT_READ", message: `"${path}" is not there`, hint: "check the path" });
    },
    catalog: CATALOG,
    context: CONTEXT,
    ...rest,
  });
}

/** The plan; fails with the errors when there are any. */
export function planOf(text: string, options: TextOptions = {}): Plan {
  const { plan, errors } = compileText(text, options);
  if (!plan) throw new Error(`no plan: ${JSON.stringify(errors, null, 1)}`);
  return plan;
}

/** The plan of a job whose container does nothing, with the given lines below `run:`. */
export function planOfRun(lines: string, options: TextOptions = {}): Plan {
  return planOf(`run:\n  kind: job\n${indent(lines)}\n  container: {command: [x]}\n`, options);
}

export function indent(lines: string, by = 2): string {
  return lines.replaceAll(/^(?=.)/gm, " ".repeat(by));
}

/** Problems as `CODE line:column`, for short tables. */
export function codesOf(text: string, options: TextOptions = {}): string[] {
  return compileText(text, options).errors.map(({ code, place }) =>
    place ? `${code} ${place.line}:${place.column}` : code,
  );
}
