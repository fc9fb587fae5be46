import type { CommandRecord, OptionRecord } from "../command.ts";
import { kebab } from "../option-names.ts";

/** `docs/reference/commands.md`: every command, from the records that parse it. */
export function commandsPage(commands: readonly CommandRecord[]): string {
  const shown = commands.filter((record) => !record.hidden);
  const sections = [...new Set(shown.map(({ section }) => section))];
  const parts = sections.map((section) => {
    const records = shown.filter((record) => record.section === section);
    return `## ${section}\n\n${records.map(commandPart).join("\n")}`;
  });
  return `# Commands

Printed from the commands themselves by \`npm run reference\`; \`bowline COMMAND --help\` says the same.

Data goes to stdout, everything else to stderr. Without a terminal nothing is asked. Colours follow the terminal, \`NO_COLOR\` and
\`FORCE_COLOR\`. Runs may be named by as much of the beginning of their uuid as is unique. When the reader of a pipe goes away
(\`| head\`), a command ends quietly with exit code 0; \`run\` stays with its run.

| \`-o\` | prints |
| --- | --- |
| \`table\` | a table, the default |
| \`wide\` | a table with more columns |
| \`json\`, \`yaml\` | one document; a list is a bare array; what is unknown or empty is absent |
| \`name\` | names or uuids, one a line |

With \`-o json\`, a command that fails prints \`{"apiVersion", "errors"}\` on stdout; once a run has a uuid, its record with \`errors\` in it.
The exit codes are in [errors](errors.md).

${parts.join("\n")}`;
}

function commandPart(record: CommandRecord): string {
  const args = Object.entries(record.args).map(([name, { optional, many }]) => {
    const word = many ? `${name}...` : name;
    return optional ? `[${word}]` : word;
  });
  const rest = record.rest ? [`[-- ${record.rest.name}...]`] : [];
  const usage = ["bowline", record.name, ...args, "[options]", ...rest].join(" ");
  const examples = record.examples.map(({ line, does }) => `# ${does}\n${line}`).join("\n\n");
  return `### ${record.name}

${record.description ?? `${record.summary}.`}

\`${usage}\`

${rows(record)}
\`\`\`sh
${examples}
\`\`\`
`;
}

function rows(record: CommandRecord): string {
  const args = Object.entries(record.args).map(([name, about]) => [`\`${name}\``, withChoices(about)]);
  const options = Object.entries(record.options).map(([name, about]) => [optionWords(name, about), withChoices(about)]);
  const rest = record.rest ? [[`\`-- ${record.rest.name}...\``, record.rest.help]] : [];
  const lines = [...args, ...options, ...rest].map(([word, help]) => `| ${word} | ${help!.replaceAll("|", "\\|")} |\n`);
  return `| | |\n| --- | --- |\n${lines.join("")}`;
}

function optionWords(name: string, { short, value }: OptionRecord): string {
  const long = `--${kebab(name)}${value ? ` ${value}` : ""}`.replaceAll("|", "\\|");
  return short ? `\`-${short}\`, \`${long}\`` : `\`${long}\``;
}

function withChoices({ help, choices, many }: { help: string; choices?: readonly string[]; many?: true }): string {
  const oneOf = choices ? `: ${choices.map((choice) => `\`${choice}\``).join(", ")}` : "";
  return `${help}${oneOf}${many ? " (repeatable)" : ""}`;
}
