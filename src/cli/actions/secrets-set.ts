import { askHidden, readStdin } from "../ask.ts";
import type { CliContext } from "../context.ts";
import { parsePairs, usage } from "../parse-options.ts";
import { readBytes } from "../read-text.ts";
import { pathFrom } from "../open-config.ts";
import { withSecretStore, type StoreOptions } from "../secret-store.ts";

interface SetInput {
  args: { NAME: string; KEY?: string };
  options: StoreOptions & { fromFile?: string[] };
}

/** `bowline secrets set NAME KEY`: the value comes from standard input, a hidden question or a file, never from argv. */
export async function run({ args, options }: SetInput, context: CliContext): Promise<void> {
  const { NAME: name, KEY: key } = args;
  const files = Object.entries(parsePairs(options.fromFile ?? [], "--from-file", FILE));
  if (key === undefined && files.length === 0) {
    throw usage(
      `which key of the secret "${name}"?`,
      `for a git token: bowline secrets set ${name} POLYAXON_GIT_CREDENTIALS`,
    );
  }
  if (key !== undefined && files.length > 0) throw usage("KEY and --from-file both name a key", "leave KEY out");
  const values: [string, Uint8Array][] =
    key === undefined
      ? files.map(([each, path]) => [each, readBytes(pathFrom(path, context), path)])
      : [[key, await readValue(name, key, context)]];
  await withSecretStore(options, context, async (store) => {
    for (const [each, value] of values) {
      await store.set(name, each, value);
      context.err(`stored ${each} in secret "${name}"\n`);
    }
  });
}

async function readValue(name: string, key: string, context: CliContext): Promise<Uint8Array> {
  if (context.terminal.in)
    return Buffer.from(await askHidden(`value of ${key} in secret "${name}" (not shown): `, context));
  return withoutFinalNewline(await readStdin(context));
}

/** `echo TOKEN |` means the token; a text of several lines (a key) is kept as it is, since its last newline may matter. */
function withoutFinalNewline(value: Buffer): Buffer {
  const end = value.at(-1) === 0x0a ? (value.at(-2) === 0x0d ? -2 : -1) : undefined;
  const line = value.subarray(0, end);
  return line.includes(0x0a) ? value : line;
}

const FILE = { form: "KEY=PATH", example: "ssh-privatekey=./id_ed25519" };
