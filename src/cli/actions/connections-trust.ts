import { readHostKeys } from "../../git/index.ts";
import { BowlineError, parseGitUrl } from "../../lib/index.ts";
import { createCredentialFinder, openSecretStore } from "../../secrets/index.ts";
import { confirm } from "../ask.ts";
import type { CliContext } from "../context.ts";
import { findConnection } from "../find-connection.ts";
import { isData, printValue, type Format } from "../output/data.ts";
import { usage } from "../parse-options.ts";
import { openConfig } from "../open-config.ts";

interface TrustInput {
  args: { NAME: string };
  options: { yes?: boolean; output?: Format; config?: string };
}

/** `bowline connections trust NAME`: the server's host keys, kept after a yes. */
export async function run({ args, options }: TrustInput, context: CliContext): Promise<void> {
  const config = await openConfig(options, context);
  const connection = findConnection(config, args.NAME);
  const { name, secret, schema } = connection;
  const url = parseGitUrl(schema?.url ?? "", { schemes: config.policy.schemes });
  if (url.scheme !== "ssh")
    throw usage(`connection "${name}" does not use ssh`, "host keys are ssh's; https needs no trust of this kind");
  if (secret === undefined) {
    throw usage(
      `connection "${name}" has no secret to keep the host key in`,
      "give it one in the config: secret: {name: …}",
    );
  }
  const store = openSecretStore(config.home);
  const credential = await createCredentialFinder({ config, store, connection, env: context.env })(url).catch(orNone);
  const { timeouts } = config.policy;
  const keys = await readHostKeys({ url, credential, connection: name, timeouts });
  for (const { type, fingerprint } of keys) context.err(`${url.host} shows ${type} ${fingerprint}\n`);
  if (!(await confirm("is this the fingerprint that the server's owner publishes?", options, context))) return;
  const before = await knownHosts(store, secret.name);
  const lines = [...new Set([...before, ...keys.map(({ line }) => line)])];
  await store.set(secret.name, "known_hosts", Buffer.from(`${lines.join("\n")}\n`));
  context.err(`kept in known_hosts of secret "${secret.name}"\n`);
  if (isData(options.output)) await printValue(keys, options.output, context);
}

async function knownHosts(store: ReturnType<typeof openSecretStore>, secret: string): Promise<string[]> {
  const data = await store.get(secret).catch(orNone);
  return (data?.get("known_hosts")?.toString("utf8") ?? "").split("\n").filter((line) => line.trim() !== "");
}

/** A secret that is not stored yet is no reason not to look at the server. */
function orNone(error: unknown): undefined {
  if (error instanceof BowlineError && (error.code === "SECRET_NOT_FOUND" || error.code === "SECRET_INVALID"))
    return undefined;
  throw error;
}
