import { locateConfig, trustConfig } from "../../config/index.ts";
import { confirm } from "../ask.ts";
import type { CliContext } from "../context.ts";
import { usage } from "../parse-options.ts";
import { readText } from "../read-text.ts";
import { configRequest, pathFrom } from "../open-config.ts";

interface TrustInput {
  args: { FILE?: string };
  options: { yes?: boolean; config?: string };
}

/** `bowline config trust [FILE]`: shows which file, asks, remembers its path. */
export async function run({ args, options }: TrustInput, context: CliContext): Promise<void> {
  const { path, origin, home, trusted } = await locateConfig(configRequest(options, context));
  const file = args.FILE === undefined ? path : pathFrom(args.FILE, context);
  if (file === undefined)
    throw usage("there is no config to trust from here upwards", "name it: bowline config trust FILE");
  if (args.FILE === undefined && origin !== "found") {
    return context.err(`${file} needs no trust: it is ${origin === "home" ? "in the config home" : "named by you"}\n`);
  }
  if (args.FILE === undefined && trusted) return context.err(`${file} is trusted already\n`);
  readText(file, args.FILE ?? file);
  if (!(await confirm(`trust ${file}? It may then use your stored secrets and set a policy.`, options, context)))
    return;
  await trustConfig(file, home);
  context.err(`trusted ${file}\n`);
}
