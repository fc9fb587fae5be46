import { completionScript } from "../completion/index.ts";
import type { CliContext } from "../context.ts";

/** `bowline completion SHELL`. */
export async function run({ args }: { args: { SHELL: string } }, context: CliContext): Promise<void> {
  context.out(completionScript(args.SHELL as "bash" | "zsh" | "fish"));
}
