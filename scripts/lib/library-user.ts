// How another program uses the package, as docs/library.md shows it: compiled against the packed types, then run.
// usage: node library-user.js URL TARGET       fetches the default branch of a public repository into the folder TARGET
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
  type GitRequest,
  type Plan,
} from "bowline";

const [url = "", target = ""] = process.argv.slice(2);

const plan = await planFor(url);
if (plan.init[0]?.kind !== "git" || plan.init[0].url !== url) throw new Error("the plan does not fetch the repository");

const reference = await fetchInto(url, target);
process.stdout.write(`${reference.commit} ${reference.subject}\n`);

const refused = await fetchInto(`${url}-absent`, `${target}-absent`).catch((error: unknown) => error);
if (!(refused instanceof BowlineError) || ERROR_CODES[refused.code].exit !== 3) throw refused;

async function planFor(repository: string): Promise<Plan> {
  const text = `policy: {schemes: [file]}\nconnections: [{name: my-code, kind: git, schema: {url: "${repository}"}}]\n`;
  const result = compile({
    files: [{ name: "job.yaml", text: "run: {kind: job, init: [{connection: my-code}], container: {command: [ls]}}" }],
    readReference: () => "",
    catalog: await loadCatalog({ text }),
    policy: { schemes: ["file"] },
    context: {
      uuid: "0b6c1b1e-6f0e-4b62-9d3c-2f4e0d7a9c11",
      artifactsPath: "/plx-context/artifacts",
      contextPath: "/plx-context",
      outputsPath: "/plx-context/artifacts/outputs",
      createdAt: new Date().toISOString(),
    },
  });
  if (result.plan === undefined) throw new BowlineError(result.errors);
  return result.plan;
}

async function fetchInto(repository: string, folder: string): Promise<CodeReference> {
  const request: GitRequest = {
    url: repository,
    options: DEFAULT_GIT_OPTIONS,
    findCredential: async () => undefined,
    policy: { ...DEFAULT_POLICY, schemes: ["file"] },
    network: networkFrom(process.env),
  };
  return materialize({ ...request, resolution: await resolve(request), target: folder });
}
