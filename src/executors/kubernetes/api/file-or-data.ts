import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { BowlineError } from "../../../lib/index.ts";

/** `KEY-data` in base64, or the file that `KEY` names, relative to its kubeconfig. */
export async function fileOrData(
  { value, folder }: { value: Record<string, unknown>; folder: string },
  key: string,
): Promise<Buffer | undefined> {
  const data = value[`${key}-data`];
  if (typeof data === "string" && data !== "") return Buffer.from(data, "base64");
  const path = value[key];
  if (typeof path !== "string" || path === "") return undefined;
  const file = isAbsolute(path) ? path : join(folder, path);
  return readFile(file).catch((cause: Error) => {
    const message = `"${key}" of the kubeconfig cannot be read: ${cause.message}`;
    throw new BowlineError({ code: "EXECUTOR_ABSENT", message, hint: "see who may read it" }, { cause });
  });
}
