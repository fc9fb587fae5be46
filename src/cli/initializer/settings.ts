import type { InitializerSettings } from "../../executors/index.ts";
import { parseJson } from "../../lib/index.ts";
import { usage } from "../parse-options.ts";

/** Written by an executor of the same version, so only its outline is checked: the initializer loads no schemas. */
export function readSettings(text: string | undefined): InitializerSettings | undefined {
  if (text === undefined) return undefined;
  const value = parseJson<Partial<InitializerSettings> | null>(text);
  if (value?.policy && value.options && Array.isArray(value.credentials)) return value as InitializerSettings;
  throw usage("--settings takes what an executor of this version writes", "leave it out: it is not for people");
}
