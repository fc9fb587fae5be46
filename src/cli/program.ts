import { Command, CommanderError, Option } from "commander";
import { didYouMean, type BowlineError } from "../lib/index.ts";
import type { CommandRecord, Input, OptionRecord } from "./command.ts";
import { COMMANDS, GROUPS } from "./commands/index.ts";
import type { CliContext } from "./context.ts";
import { usage } from "./parse-options.ts";
import { kebab } from "./option-names.ts";

/** Finds the command that the words ask for, loads it and runs it; the exit code. Throws a BowlineError on a wrong command line. */
export async function runCommandLine(words: readonly string[], context: CliContext): Promise<number> {
  const dashes = words.indexOf("--");
  const rest = dashes < 0 ? [] : words.slice(dashes + 1);
  const own = arrange(dashes < 0 ? words : words.slice(0, dashes));
  let code = 0;
  const act: Act = async (record, input) => {
    if (rest.length > 0 && !record.rest) {
      throw usage(`bowline ${record.name} takes nothing after --`, `see: bowline ${record.name} --help`);
    }
    const action = await record.load();
    code = (await action.run({ ...input, rest } as never, context, { commands: COMMANDS, groups: GROUPS })) ?? 0;
  };
  const program = buildProgram({ records: recordsFor(own), context, act });
  try {
    await program.parseAsync([...own], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    if (error.code === "commander.help") return bareCommand(own, program);
    throw usageFrom(error, own);
  }
  return code;
}

/** `--config` may stand before the command, too; `help COMMAND` is `COMMAND --help`. */
function arrange(words: readonly string[]): string[] {
  const [first = "", second, ...rest] = words;
  if (first === "--config" && second !== undefined) return [...arrange(rest), first, second];
  if (first.startsWith("--config=")) return [...arrange(words.slice(1)), first];
  if (first !== "help") return [...words];
  const asked = words.slice(1, 3).filter((word) => !word.startsWith("-"));
  const known = asked.length === 0 || COMMANDS.some(({ name }) => `${name} `.startsWith(`${asked.join(" ")} `));
  if (known) return [...asked, "--help"];
  const near = didYouMean(asked.join(" "), [...COMMANDS.map(({ name }) => name), ...Object.keys(GROUPS)]);
  throw usage(`unknown command "${asked.join(" ")}"`, near ?? "list them with: bowline help");
}

/** `bowline` alone explains itself; a group alone cannot know what is meant. */
function bareCommand(words: readonly string[], program: Command): number {
  const group = words.find((word) => Object.hasOwn(GROUPS, word));
  if (group === undefined) {
    program.outputHelp();
    return 0;
  }
  const below = COMMANDS.filter((record) => record.name.startsWith(`${group} `) && !record.hidden);
  const lines = below.map((record) => `bowline ${record.name}`).join(", ");
  throw usage(`"bowline ${group}" needs to know what to do`, `one of: ${lines}`);
}

type Act = (record: CommandRecord, input: Omit<Input, "rest">) => Promise<void>;

/** The one command that the words name, or all of them, as commander wants it: to make all takes time. */
function recordsFor(words: readonly string[]): readonly CommandRecord[] {
  const [first, second] = words;
  const named = COMMANDS.find(({ name }) => name === first || name === `${first} ${second}`);
  return named === undefined ? COMMANDS : [named];
}

interface ProgramParts {
  records: readonly CommandRecord[];
  context: Pick<CliContext, "out" | "terminal">;
  act: Act;
}

function buildProgram({ records, context, act }: ProgramParts): Command {
  const program = new Command("bowline")
    .description("Gives every job the code it asks for, from git, at the commit it asks for.")
    .usage("COMMAND [options]")
    .helpCommand(false);
  configure(program, context);
  program.option("--version", "print Bowline's version");
  program.addHelpText("after", `\nExit codes: ${EXIT_CODES}\nExplain a command: bowline help COMMAND`);
  const groups = new Map<string, Command>();
  for (const record of records) {
    const [first, second] = record.name.split(" ");
    if (second === undefined) addCommand(program, record, { context, act });
    else {
      const group = groups.get(first!) ?? addGroup(program, first!, context);
      groups.set(first!, group);
      addCommand(group, record, { context, act });
    }
  }
  return program;
}

const EXIT_CODES =
  "0 ok, 1 the run failed or was stopped, 2 usage or an invalid file, 3 not found,\n" +
  "  4 refused, 5 not reached, 70 a bug, 124 the run's timeout, 130 and 143 interrupted";

function addGroup(program: Command, name: string, context: Pick<CliContext, "out" | "terminal">): Command {
  const { summary, section } = GROUPS[name]!;
  const group = configure(program.command(name).summary(summary).description(`${summary}.`), context);
  return group.helpGroup(`${section}:`).helpCommand(false).usage("COMMAND [options]");
}

function addCommand(
  parent: Command,
  record: CommandRecord,
  { context, act }: { context: Pick<CliContext, "out" | "terminal">; act: Act },
): void {
  const name = record.name.split(" ").at(-1)!;
  const command = configure(parent.command(name, { hidden: record.hidden === true }), context);
  command.summary(record.summary).description(record.description ?? `${record.summary}.`);
  if (parent.parent === null) command.helpGroup(`${record.section}:`);
  for (const [argument, { help, optional, many, choices }] of Object.entries(record.args)) {
    const words = many ? `${argument}...` : argument;
    const made = command.createArgument(optional ? `[${words}]` : `<${words}>`, help);
    command.addArgument(choices ? made.choices(choices) : made);
  }
  for (const [option, about] of Object.entries(record.options)) command.addOption(makeOption(option, about));
  if (record.rest) command.usage(`${usageWords(record)} [-- ${record.rest.name}...]`);
  command.addHelpText("after", helpAfter(record));
  command.action(async () => {
    const names = Object.keys(record.args);
    const given = command.processedArgs as (string | string[] | undefined)[];
    const args = Object.fromEntries(names.flatMap((each, at) => (given[at] === undefined ? [] : [[each, given[at]]])));
    await act(record, { args: args as Input["args"], options: command.opts() });
  });
}

function usageWords(record: CommandRecord): string {
  const words = Object.entries(record.args).map(([name, { optional }]) => (optional ? `[${name}]` : `<${name}>`));
  return ["[options]", ...words].join(" ");
}

function makeOption(name: string, { short, value, many, choices, help }: OptionRecord): Option {
  const flags = `${short ? `-${short}, ` : ""}--${kebab(name)}${value ? ` <${value}>` : ""}`;
  const option = new Option(flags, many ? `${help} (repeatable)` : help);
  if (choices) option.choices(choices);
  // Not variadic: each value has its own flag, so that what follows stays an argument.
  if (many) option.argParser((each: string, before: string[] | undefined) => [...(before ?? []), each]);
  return option;
}

/** The part of a command's help that commander does not know: what follows `--`, and examples. */
function helpAfter(record: CommandRecord): string {
  const rest = record.rest ? `\nAfter --:\n  ${record.rest.name.padEnd(20)}  ${record.rest.help}\n` : "";
  const examples = record.examples.map(({ line, does }) => `  # ${does}\n  ${line}`).join("\n\n");
  return `${rest}\nExamples:\n${examples}`;
}

function configure(command: Command, context: Pick<CliContext, "out" | "terminal">): Command {
  return command
    .exitOverride()
    .allowExcessArguments(false)
    .helpOption("-h, --help", "explain this command")
    .configureHelp({ sortSubcommands: false, subcommandTerm: (each) => each.name() })
    .configureOutput({
      writeOut: (text) => context.out(text),
      // Errors are thrown and rendered in one place.
      writeErr: () => {},
      getOutHelpWidth: () => Math.min(context.terminal.columns, 120),
      getErrHelpWidth: () => Math.min(context.terminal.columns, 120),
    });
}

/** Commander's words in ours: its "(Did you mean …?)" is the hint. What follows a "=" is not repeated: it may be a secret. */
function usageFrom(error: CommanderError, words: readonly string[]): BowlineError {
  const [first = "", ...more] = error.message.replace(/^error: /, "").split("\n");
  const near = more.join(" ").match(/Did you mean (.+)\?/)?.[1];
  const command = words.filter((word) => !word.startsWith("-")).slice(0, 2);
  const record = COMMANDS.find((each) => each.name === command.join(" ") || each.name === command[0]);
  const example = error.code === "commander.missingArgument" ? record?.examples[0] : undefined;
  const group = command[0] !== undefined && Object.hasOwn(GROUPS, command[0]) ? command[0] : undefined;
  const about = record?.name ?? group;
  const see = `see: bowline ${about === undefined ? "" : `${about} `}--help`;
  const early = error.code === "commander.unknownOption" && words[0]?.startsWith("-") && command[0] !== undefined;
  const help =
    example !== undefined
      ? `for example: ${example.line}; ${see}`
      : early
        ? `options stand after the command; ${see}`
        : see;
  const tooMany = error.code === "commander.excessArguments" && record?.excessHint;
  const message = tooMany
    ? `too many arguments for "bowline ${record.name}"`
    : quote(first.replace(/^(unknown option '[^=']*)=[^]*'$/, "$1'"));
  return usage(message, tooMany || (near === undefined ? help : `did you mean ${near}? ${help}`));
}

/** Nouns in double quotes, as everywhere. */
function quote(text: string): string {
  return text.replace(/'([^']*)'/g, '"$1"').replace(/\.$/, "");
}
