// A process that has the library loaded already, as a platform's own service would. Materializes what it is told, and says how long it took.
// usage: started by bench.js
import {
  credentialFromSecret,
  DEFAULT_GIT_OPTIONS,
  DEFAULT_POLICY,
  inScope,
  materialize,
  networkFrom,
  parseGitUrl,
  resolve,
  scopeOf,
} from "../dist/index.js";
import { LOGIN } from "./settings.js";

process.on("message", (jobs) => void work(jobs).then((answer) => process.send(answer)));
process.on("disconnect", () => process.exit());
process.send({});

/** All jobs side by side. */
async function work(jobs) {
  const started = performance.now();
  try {
    const references = await Promise.all(jobs.map(materializeOne));
    const ms = performance.now() - started;
    return { ms, commits: references.map(({ commit }) => commit), rss: process.resourceUsage().maxRSS * 1024 };
  } catch (error) {
    return { error: `${error.code}: ${error.message}` };
  }
}

async function materializeOne({ url, revision, commit, ref, target, cache, mount }) {
  const request = {
    url,
    revision,
    options: { ...DEFAULT_GIT_OPTIONS, ...(mount === true && { mount }) },
    findCredential: finderFor(url),
    policy: DEFAULT_POLICY,
    network: networkFrom({ PATH: process.env.PATH, SSL_CERT_FILE: process.env.SSL_CERT_FILE }),
    ...(cache === undefined ? {} : { cache }),
  };
  const resolution = commit === undefined ? await resolve(request) : { commit, ref };
  return materialize({ ...request, resolution, target });
}

function finderFor(url) {
  const parsed = parseGitUrl(url);
  const scope = scopeOf(parsed);
  const data = new Map([["POLYAXON_GIT_CREDENTIALS", Buffer.from(LOGIN)]]);
  const credential = credentialFromSecret({ data, secret: "bench", host: parsed.host, scope, source: "the bench" });
  return async (asked) => (inScope(scope, asked) ? credential : undefined);
}
