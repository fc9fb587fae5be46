/** `bowline initializer git …`: the engine alone, as an init container runs it. */
export async function runInitializer(words: readonly string[]): Promise<number> {
  process.stderr.write(`error: unknown option "${words[0] ?? ""}"\n`);
  return 2;
}
