// How another program uses the package: compiled against its types where the package is installed.
import {
  BowlineError,
  compile,
  DEFAULT_GIT_OPTIONS,
  DEFAULT_POLICY,
  ERROR_CODES,
  loadCatalog,
  materialize,
  networkFrom,
  resolve,
  type CodeReference,
  type ErrorCode,
  type GitRequest,
  type Plan,
} from "bowline";

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof BowlineError)) return 70;
  const code: ErrorCode = error.code;
  return ERROR_CODES[code].exit;
}

export async function planOf(text: string, catalogPath: string): Promise<Plan> {
  const { plan, errors } = compile({
    files: [{ name: "job.yaml", text }],
    readReference: () => "",
    catalog: await loadCatalog(catalogPath),
    context: {
      uuid: "0b6c1b1e-6f0e-4b62-9d3c-2f4e0d7a9c11",
      artifactsPath: "/plx-context/artifacts",
      contextPath: "/plx-context",
      outputsPath: "/plx-context/artifacts/0b6c1b1e-6f0e-4b62-9d3c-2f4e0d7a9c11/outputs",
      createdAt: "2026-11-23T08:00:00.000Z",
    },
  });
  if (plan === undefined) throw new BowlineError(errors);
  return plan;
}

export async function fetchCode(url: string, revision: string, target: string): Promise<CodeReference> {
  const request: GitRequest = {
    url,
    revision,
    options: DEFAULT_GIT_OPTIONS,
    findCredential: async () => undefined,
    policy: DEFAULT_POLICY,
    network: networkFrom({}),
  };
  return materialize({ ...request, resolution: await resolve(request), target });
}
