import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { stringify } from "yaml";
import { parseGitUrl } from "../../lib/index.ts";
import { confirm } from "../ask.ts";
import type { CliContext } from "../context.ts";
import { findConnection } from "../find-connection.ts";
import { GIT_PRESET_FILE } from "../git-preset.ts";
import { usage } from "../parse-options.ts";
import { openConfig } from "../open-config.ts";

interface InitInput {
  options: { gitConnection?: string; gitUrl?: string; yes?: boolean; config?: string };
}

/** `bowline init`: writes the git preset of this folder; asks before it replaces one. */
export async function run({ options }: InitInput, context: CliContext): Promise<void> {
  const { gitConnection: connection, gitUrl: url } = options;
  if (connection === undefined && url === undefined) {
    throw usage("init needs a repository", "name it with: --git-connection NAME, or --git-url URL");
  }
  const config = await openConfig(options, context);
  if (connection !== undefined) findConnection(config, connection);
  if (url !== undefined) parseGitUrl(url);
  const preset = {
    ...(connection === undefined ? {} : { connection }),
    ...(url === undefined ? {} : { git: { url } }),
  };
  const file = resolve(context.cwd, GIT_PRESET_FILE);
  try {
    writeFileSync(file, stringify(preset), { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if (!(await confirm(`${GIT_PRESET_FILE} is here already; replace it?`, options, context))) return;
    writeFileSync(file, stringify(preset));
  }
  context.err(`wrote ${GIT_PRESET_FILE}; use it with: bowline run -f FILE --git-preset\n`);
}
