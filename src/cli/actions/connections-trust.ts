import type { Config } from "../../config/index.ts";
import { readHostKeys } from "../../git/index.ts";
import { BowlineError, parseGitUrl } from "../../lib/index.ts";
import { createCredentialFinder, type SecretStore } from "../../secrets/index.ts";
import { confirm } from "../ask.ts";
import type { CliContext } from "../context.ts";
import { findConnection } from "../find-connection.ts";
import { isData, printValue, type Format } from "../output/data.ts";
import { usage } from "../parse-options.ts";
import { withSecretStore, type StoreOptions } from "../secret-store.ts";

interface TrustInput {
  args: { NAME: string };
  options: StoreOptions & { yes?: boolean; output?: Format };
}

/** `bowline connections trust NAME`: the server's host keys, kept after a yes. */
export function run({ args, options }: TrustInput, context: CliContext): Promise<void> {
  return withSecretStore(options, context, (store, config) => trust(args.NAME, { options, store, config }, context));
}

async function trust(
  wanted: string,
  { options, store, config }: { options: TrustInput["options"]; store: SecretStore; config: Config },
  context: CliContext,
): Promise<void> {
  const connection = findConnection(config, wanted);
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

async function knownHosts(store: SecretStore, secret: string): Promise<string[]> {
  const data = await store.get(secret).catch(orNone);
  return (data?.get("known_hosts")?.toString("utf8") ?? "").split("\n").filter((line) => line.trim() !== "");
}

/** A secret that is not stored yet is no reason not to look at the server. */
function orNone(error: unknown): undefined {
  if (error instanceof BowlineError && (error.code === "SECRET_NOT_FOUND" || error.code === "SECRET_INVALID"))
    return undefined;
  throw error;
}
