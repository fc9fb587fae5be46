// Whether every `bowline …` that a text names is a command there is, with options that it takes.
import { existsSync, readFileSync } from "node:fs";

/** Options by the name of their command, from the reference page; nothing when there is no such page. */
export function commandsOf(path) {
  if (!existsSync(path)) return undefined;
  const sections = readFileSync(path, "utf8").split(/^### /m).slice(1);
  return new Map(
    sections.map((section) => {
      const table = section.split("\n").filter((line) => line.startsWith("| `-"));
      const options = table.flatMap((line) => line.split("|")[1].match(/(?<![\w-])--?[\w-]+/g) ?? []);
      return [section.slice(0, section.indexOf("\n")), new Set([...options, "--help", "-h"])];
    }),
  );
}

/** What is wrong with the commands in a text's shell blocks and code spans. */
export function commandProblems(text, commands) {
  if (commands === undefined) return [];
  return linesOf(text).flatMap((line) => problemsOf(line, commands));
}

function problemsOf(line, commands) {
  const words = line.split(/\s+/).filter((word) => word !== "");
  if (words.length === 1 || words[1].startsWith("-") || /^[A-Z…]/.test(words[1])) return [];
  const name = [`${words[1]} ${words[2]}`, words[1]].find((candidate) => commands.has(candidate));
  if (name === undefined) {
    const isGroup = [...commands.keys()].some((command) => command.startsWith(`${words[1]} `));
    return isGroup && words.length === 2 ? [] : [`there is no command "bowline ${words.slice(1, 3).join(" ")}"`];
  }
  const own = words.slice(0, words.includes("--") ? words.indexOf("--") : undefined);
  const options = own
    .filter((word) => /^--?[a-z]/i.test(word))
    .map((word) => word.split("=")[0].replace(/[,.;)`]+$/, ""));
  return options
    .filter((option) => !commands.get(name).has(option))
    .map((option) => `"bowline ${name}" has no option ${option}`);
}

/** Each `bowline …` of a shell block or a code span, without what comes before or after it in a pipe. */
function linesOf(text) {
  const blocks = [...text.matchAll(/^```sh\n([^]*?)^```/gm)].flatMap(([, block]) => block.split("\n"));
  const spans = [...text.replace(/^```[^]*?^```/gm, "").matchAll(/`([^`\n]+)`/g)].map(([, span]) => span);
  return [...blocks, ...spans]
    .flatMap((line) => line.split(/\||&&|;|#|\$\(|\)/))
    .map((line) => line.trim().replace(/^npx /, ""))
    .filter((line) => /^bowline( |$)/.test(line));
}
