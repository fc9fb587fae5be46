/**
 * Of Node's own modules those that take a start 1 to 3 ms each, and that only some ways through a command need, or only after a server was asked.
 * Bundled code calls everything by way of the module (`node_crypto.createHash`), so that something else can stand for it until then.
 */
export const LATE: ReadonlySet<string> = new Set([
  "node:child_process",
  "node:crypto",
  "node:fs/promises",
  "node:stream",
  "node:worker_threads",
  "node:zlib",
]);

/** Stands for a module, and loads it when something of it is asked for. */
export function standIn(load: () => object): object {
  return new Proxy(
    {},
    {
      get: (_, key) => Reflect.get(load(), key) as unknown,
      has: (_, key) => Reflect.has(load(), key),
      ownKeys: () => Reflect.ownKeys(load()),
      getOwnPropertyDescriptor(_, key) {
        const found = Reflect.getOwnPropertyDescriptor(load(), key);
        // a proxy may call nothing fixed that its own target does not have
        return found && { ...found, configurable: true };
      },
    },
  );
}
