import type { CommandList } from "../command.ts";
import type { CliContext } from "../context.ts";
import { commandsPage } from "../reference/commands-page.ts";
import { errorsPage } from "../reference/errors-page.ts";

/** `bowline __reference PAGE`. */
export async function run(
  { args }: { args: { PAGE: string } },
  context: CliContext,
  { commands }: CommandList,
): Promise<void> {
  context.out(args.PAGE === "commands" ? commandsPage(commands) : errorsPage());
}
