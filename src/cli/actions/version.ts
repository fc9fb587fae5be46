import { networkFrom } from "../../config/index.ts";
import { checkGitVersion } from "../../git/index.ts";
import { VERSION } from "../../lib/index.ts";
import type { CliContext } from "../context.ts";
import { printValue } from "../output/data.ts";

/** `bowline version -o …`; the plain form is answered at the entry, before anything is loaded. */
export async function run({ options }: { options: { output?: "json" | "yaml" } }, context: CliContext): Promise<void> {
  if (!options.output) return context.out(`${VERSION}\n`);
  const { node, sqlite } = process.versions as { node: string; sqlite?: string };
  const git = await checkGitVersion(networkFrom(context.env)).then(
    (version) => version.join("."),
    // `doctor` says why
    () => undefined,
  );
  await printValue({ bowline: VERSION, node, git, sqlite, platform: process.platform }, options.output, context);
}
