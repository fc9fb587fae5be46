import type { CommandRecord, Section } from "../command.ts";
import { completion, version } from "./about.ts";
import { complete } from "./hidden.ts";

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandRecord[] = [completion, version, complete];

/** First words that have commands below them. */
export const GROUPS: CommandGroups = {};

export type CommandGroups = Readonly<Record<string, { summary: string; section: Section }>>;
