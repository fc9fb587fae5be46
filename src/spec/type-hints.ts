import type { YamlNode } from "./yaml-node.ts";

const SECONDS: Record<string, number> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 };

/** What to write where a value has the wrong type. `key` is the last key of its path, if that is a key. */
export function typeHint(expected: string, node: YamlNode | undefined, key: string | undefined): string {
  const before = key === undefined ? "" : `${key}: `;
  if (expected === "array") return listHint(node, key, before);
  if (expected === "object" || expected === "record") {
    if (node?.kind === "list") return "leave out the `- ` in front of the keys";
    if (key === "secret") return "write `secret: {name: …}`; the value is stored by: bowline secrets set NAME KEY";
    return `write \`key: value\` lines below${key ? ` \`${key}:\`` : ""}`;
  }
  if (node?.kind === "scalar" && (expected === "number" || expected === "int")) {
    const zero = /^[-+]?0[0-7]+$/.test(node.text);
    if (zero) {
      const octal = node.text.replace(/^[-+]?0+/, "") || "0";
      return `a leading zero is octal to some readers: write ${Number(node.text)}, or 0o${octal} for an octal one`;
    }
    const [, amount, unit] = /^(\d+) ?(s|m|min|h|d)$/.exec(node.text) ?? [];
    if (amount !== undefined && key !== undefined)
      return `write the seconds: \`${before}${Number(amount) * SECONDS[unit!]!}\``;
  }
  if (node?.kind === "scalar" && !node.plain && ["number", "int", "boolean"].includes(expected))
    return "leave out the quotes, if that is what it is";
  if (expected === "string" && node?.kind === "list" && node.items.length === 1)
    return "leave out the brackets or the `- `";
  return `write \`${before}${exampleOf(expected)}\``;
}

/** A value of the type, to show how it is written. */
export function exampleOf(expected: string): string {
  const examples: Record<string, string> = { string: "text", number: "1", int: "1", boolean: "true", array: "[…]" };
  return examples[expected] ?? "{…}";
}

function listHint(node: YamlNode | undefined, key: string | undefined, before: string): string {
  if (node?.kind === "map") {
    const first = [...node.entries][0];
    if (key === "env" && first) return `write each as an entry: \`- {name: ${first[0]}, value: …}\``;
    return "begin each entry with `- `";
  }
  if (node?.kind !== "scalar") return `write \`${before}[…]\``;
  const text = node.text.length > 60 ? `${node.text.slice(0, 57)}…` : node.text;
  if ((key === "command" || key === "args") && /\s/.test(text)) {
    // With a shell's own signs in it, it needs a shell.
    if (/[|&;<>$`*?"'\\\n]/.test(text))
      return `write a list, with a shell: \`command: [sh, -c, ${JSON.stringify(text)}]\``;
    return `write a list, one entry a word: \`${before}[${text.trim().split(/\s+/).map(quoted).join(", ")}]\``;
  }
  return `write a list: \`${before}[${quoted(text)}]\``;
}

function quoted(text: string): string {
  return /[,[\]{}:#]/.test(text) ? JSON.stringify(text) : text;
}
