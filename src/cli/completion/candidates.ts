import type { ArgumentRecord, CommandList, CommandRecord, Completes, OptionRecord } from "../command.ts";
import { kebab } from "../option-names.ts";

/** What may stand at the place of the last word. A value of `:file` or `:folder` asks the shell for its own. */
export interface Candidate {
  value: string;
  about?: string;
}

/** Where the names of what exists come from; asked only when a place needs them. */
export type CandidateSources = Record<Exclude<Completes, "file" | "folder">, () => Promise<Candidate[]>>;

/** The candidates for the last of the words, which may be empty; the words begin after `bowline`. */
export async function candidates(
  words: readonly string[],
  { commands, groups, sources }: CommandList & { sources: CandidateSources },
): Promise<Candidate[]> {
  const before = joinEquals(words.slice(0, -1));
  const last = words.at(-1) ?? "";
  if (before.includes("--")) return [{ value: ":file" }];
  const plain = before.filter((word) => !word.startsWith("-"));
  const group = plain[0] !== undefined && Object.hasOwn(groups, plain[0]) ? plain[0] : undefined;
  const name = group === undefined ? plain[0] : plain.slice(0, 2).join(" ");
  const record = commands.find((each) => each.name === name);
  if (!record) return startingWith(last, nextWords(commands, { groups, group }));
  const value = optionBefore(before, record);
  if (value) return startingWith(last, await forPlace(value, sources));
  if (last.startsWith("-")) return startingWith(last, optionWords(record, before));
  const position = positionals(before, record).length - name!.split(" ").length;
  const argument = argumentAt(record, position);
  return argument
    ? startingWith(last, await forPlace(argument, sources))
    : startingWith(last, optionWords(record, before));
}

/** Bash cuts words at "=": `--output = js` is `--output js`. */
function joinEquals(words: readonly string[]): string[] {
  return words.filter((word) => word !== "=");
}

function startingWith(start: string, all: Candidate[]): Candidate[] {
  if (start === "=") return all;
  return all.filter(({ value }) => value.startsWith(":") || value.startsWith(start));
}

function nextWords(
  commands: readonly CommandRecord[],
  { groups, group }: { groups: CommandList["groups"]; group: string | undefined },
): Candidate[] {
  const shown = commands.filter((each) => !each.hidden);
  if (group !== undefined) {
    const below = shown.filter((each) => each.name.startsWith(`${group} `));
    return below.map((each) => ({ value: each.name.slice(group.length + 1), about: each.summary }));
  }
  const single = shown.filter((each) => !each.name.includes(" "));
  const grouped = Object.entries(groups).map(([value, { summary }]) => ({ value, about: summary }));
  return [...single.map((each) => ({ value: each.name, about: each.summary })), ...grouped];
}

/** The option whose value the last word is, if the word before it is one. */
function optionBefore(before: readonly string[], record: CommandRecord): OptionRecord | undefined {
  const option = findOption(before.at(-1) ?? "", record);
  return option?.value === undefined ? undefined : option;
}

function findOption(word: string, record: CommandRecord): OptionRecord | undefined {
  if (!word.startsWith("-")) return undefined;
  return Object.entries(record.options).find(
    ([name, { short }]) => word === `--${kebab(name)}` || (short !== undefined && word === `-${short}`),
  )?.[1];
}

/** The words that are neither options nor values of options. */
function positionals(before: readonly string[], record: CommandRecord): string[] {
  return before.filter((word, at) => {
    const previous = at > 0 ? findOption(before[at - 1]!, record) : undefined;
    return !word.startsWith("-") && previous?.value === undefined;
  });
}

function argumentAt(record: CommandRecord, position: number): ArgumentRecord | undefined {
  const all = Object.values(record.args);
  const last = all.at(-1);
  return all[position] ?? (last?.many ? last : undefined);
}

function optionWords(record: CommandRecord, before: readonly string[]): Candidate[] {
  const left = Object.entries(record.options).filter(
    ([name, { many }]) => many || !before.includes(`--${kebab(name)}`),
  );
  return left.map(([name, { help }]) => ({ value: `--${kebab(name)}`, about: help }));
}

async function forPlace(place: ArgumentRecord | OptionRecord, sources: CandidateSources): Promise<Candidate[]> {
  if (place.choices) return place.choices.map((value) => ({ value }));
  if (place.completes === undefined) return [];
  if (place.completes === "file" || place.completes === "folder") return [{ value: `:${place.completes}` }];
  return sources[place.completes]();
}
