import type { CliContext } from "./context.ts";

/** What the shell completes at a place. */
export type Completes = "file" | "folder" | "run" | "connection" | "secret" | "container" | "executor";

/** One option of a command. Without `value` it is a switch. */
export interface OptionRecord {
  short?: string;
  /** The name of its value in help. */
  value?: string;
  /** May be given more than once. */
  many?: true;
  choices?: readonly string[];
  help: string;
  completes?: Completes;
}

/** One positional argument, in order of the record's keys. */
export interface ArgumentRecord {
  help: string;
  optional?: true;
  /** Takes all that follow. */
  many?: true;
  choices?: readonly string[];
  completes?: Completes;
}

/** A command line a user would type, and what it does. */
export interface Example {
  line: string;
  does: string;
}

/** A command as data: parsing, help, completion and the reference page all come from it. */
export interface CommandRecord {
  /** With its group: `connections ls`. */
  name: string;
  summary: string;
  description?: string;
  section: Section;
  examples: readonly [Example, Example, ...Example[]];
  args: Record<string, ArgumentRecord>;
  options: Record<string, OptionRecord>;
  /** What may follow `--`. */
  rest?: { name: string; help: string };
  /** What to say to somebody who gives more arguments than there are. */
  excessHint?: string;
  hidden?: true;
  /** Loads the one file that does the work. */
  load: () => Promise<{ run: (input: never, context: CliContext, all: CommandList) => Promise<number | void> }>;
}

/** Every command there is, handed to the actions that tell of them: these cannot import the list, which leads to them. */
export interface CommandList {
  /** In the order of the help. */
  commands: readonly CommandRecord[];
  /** First words that have commands below them. */
  groups: Readonly<Record<string, { summary: string; section: Section }>>;
}

export type Section = "Runs" | "Connections and secrets" | "Setting up" | "Inside a container";

/** What an action is given. */
export interface Input {
  args: Record<string, string | string[]>;
  options: Record<string, string | string[] | boolean>;
  rest: string[];
}

type OptionValue<O extends OptionRecord> = O extends { value: string }
  ? O extends { many: true }
    ? string[]
    : O extends { choices: readonly (infer C)[] }
      ? C
      : string
  : boolean;

/** The typed input that a record with these arguments and options produces. */
interface InputOf<A extends Record<string, ArgumentRecord>, O extends Record<string, OptionRecord>> {
  args: {
    [K in keyof A as A[K] extends { optional: true } ? never : K]: A[K] extends { many: true } ? string[] : string;
  } & {
    [K in keyof A as A[K] extends { optional: true } ? K : never]?: A[K] extends { many: true } ? string[] : string;
  };
  options: { [K in keyof O]?: OptionValue<O[K]> } & { config?: string };
  rest: string[];
}

/** Ties a record to its action: the compiler checks that the action takes what the record's options and arguments give. */
export function defineCommand<
  const A extends Record<string, ArgumentRecord>,
  const O extends Record<string, OptionRecord>,
>(
  record: Omit<CommandRecord, "args" | "options" | "load"> & {
    args?: A;
    options?: O;
    load: () => Promise<{
      run: (input: InputOf<A, O>, context: CliContext, all: CommandList) => Promise<number | void>;
    }>;
  },
): CommandRecord {
  return { ...record, args: record.args ?? {}, options: { ...record.options, ...EVERYWHERE } };
}

/** Taken by every command, so that a script can pass it without knowing which one reads it. */
const EVERYWHERE = {
  config: { value: "FILE", help: "the config file (else BOWLINE_CONFIG, else found upwards)", completes: "file" },
} as const satisfies Record<string, OptionRecord>;

/** `-o`, for commands that print data. */
export const OUTPUT = {
  output: {
    short: "o",
    value: "FORMAT",
    choices: ["table", "wide", "json", "yaml", "name"],
    help: "how to print",
  },
} as const satisfies Record<string, OptionRecord>;

/** `-y`, for commands that ask. */
export const YES = {
  yes: { short: "y", help: "answer yes to every question" },
} as const satisfies Record<string, OptionRecord>;
