import { existsSync } from "node:fs";
import { open, rm, writeFile, type FileHandle } from "node:fs/promises";
import { writeError } from "../../lib/index.ts";

/** A configuration that holds a credential, as git is told of it. */
export interface PrivateConfig {
  /** For GIT_CONFIG_GLOBAL. */
  path: string;
  /** To be handed on as descriptor 3. */
  descriptor?: number;
  close: () => Promise<void>;
}

/** Where Linux shows a process its own open files; opening one again begins at its start, in git and every child of git. */
const DESCRIPTOR = "/proc/self/fd/3";

/**
 * Keeps the text where only git and its children read it. On Linux it is a file without a name, handed on as an open descriptor:
 * in no argument, no environment and under no path. Elsewhere (a descriptor cannot be opened anew on macOS) a file of mode 0600 at this path, in a private folder.
 */
export async function keepPrivate(text: string, path: string): Promise<PrivateConfig> {
  if (!existsSync("/proc/self/fd")) {
    await writeFile(path, text, { mode: 0o600, flag: "wx" }).catch((cause: unknown) => {
      throw writeError(path, cause);
    });
    return { path, close: () => rm(path, { force: true }) };
  }
  const file = await unnamedFile(path, text).catch((cause: unknown) => {
    throw writeError(path, cause);
  });
  return { path: DESCRIPTOR, descriptor: file.fd, close: () => file.close() };
}

/** The name is gone before the first byte is written. */
async function unnamedFile(path: string, text: string): Promise<FileHandle> {
  const file = await open(path, "wx+", 0o600);
  try {
    await rm(path);
    await file.writeFile(text);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
