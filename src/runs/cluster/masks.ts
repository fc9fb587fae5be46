import type { Plan } from "../../compile/index.ts";
import type { Config } from "../../config/index.ts";
import { createRedactor, type Redactor } from "../../lib/index.ts";
import { maskedSecrets } from "../secret-access.ts";
import { secretNamesIn } from "./secret-names.ts";
import type { ClusterSession } from "./session.ts";

/** Knows the secrets of a run that this user may read. Who may not read them sees the log as the cluster has it. */
export async function masksOf(
  plan: Plan,
  { session, config }: { session: ClusterSession; config: Config },
): Promise<Redactor> {
  const redactor = createRedactor();
  const secrets = maskedSecrets(session.source, redactor);
  const names = secretNamesIn(plan);
  if (Object.keys(plan.connections).length > 0 || plan.init.some(({ kind }) => kind === "git"))
    for (const { secret } of config.catalog.credentials) if (secret !== undefined) names.add(secret.name);
  await Promise.all([...names].map((name) => secrets.read("secret", name).catch(() => undefined)));
  return redactor;
}
