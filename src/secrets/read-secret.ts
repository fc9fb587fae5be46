import { type Config, untrustedProblem } from "../config/index.ts";
import type { ResourceReference } from "../connections/index.ts";
import { BowlineError, didYouMean, type Place } from "../lib/index.ts";
import type { StoredKind } from "./sealed-value.ts";
import type { SecretStore } from "./secret-store.ts";

export interface ReadRequest {
  config: Config;
  store: SecretStore;
  reference: Pick<ResourceReference, "name" | "items">;
  kind?: StoredKind;
  /** The connection that names it, for messages. */
  connection?: string;
  /** Where it is named, for messages. */
  place?: Place;
}

/**
 * The keys and values that a reference to a secret or config map gives access to: all of them, or its `items`. Throws
 * CONFIG_UNTRUSTED for an untrusted config, SECRET_NOT_FOUND for a name or an item that is not there.
 */
export async function readSecretOrConfigMap(request: ReadRequest): Promise<ReadonlyMap<string, Buffer>> {
  const { config, store, reference, kind = "secret", connection, place } = request;
  const { name, items } = reference;
  if (!config.trusted) {
    const what = `use the stored ${kind === "secret" ? "secret" : "config map"} "${name}"`;
    throw new BowlineError({ ...untrustedProblem(config, what, place), ...(connection && { connection }) });
  }
  const data = await store.get(name, kind).catch((error: unknown) => {
    if (!(error instanceof BowlineError)) throw error;
    const [problem] = error.problems;
    throw new BowlineError(
      { ...problem, ...(place && { place }), ...(connection && { connection }) },
      { cause: error },
    );
  });
  if (items === undefined) return data;
  const missing = items.find((item) => !data.has(item));
  if (missing === undefined) return new Map(items.map((item) => [item, data.get(item)!]));
  throw new BowlineError({
    code: "SECRET_NOT_FOUND",
    message: `"${name}" has no key "${missing}", which "items" asks for`,
    hint: didYouMean(missing, data.keys()) ?? `its keys: ${[...data.keys()].join(", ")}`,
    ...(place && { place }),
    ...(connection && { connection }),
  });
}
