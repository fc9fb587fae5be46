import { readFile } from "node:fs/promises";
import type { LogPosition } from "../../executors/index.ts";
import { decodeEntry, logFile, logFolder } from "./log-entry.ts";

/** Where the log of a container was left by whoever wrote it before; undefined where nothing of the stream is kept. */
export async function lastPosition(
  runFolder: string,
  container: string,
  stream: "stdout" | "stderr",
): Promise<LogPosition | undefined> {
  const { current, older } = logFile(logFolder(runFolder), container);
  for (const path of [current, older]) {
    const text = await readFile(path, "utf8").catch(() => "");
    // From the end, so that a long log is searched no further than needed.
    for (let end = text.length; end > 0;) {
      const start = text.lastIndexOf("\n", end - 2) + 1;
      const entry = decodeEntry(text.slice(start, end));
      if (entry !== undefined && "stream" in entry && entry.stream === stream && entry.at !== undefined)
        return positionOf(entry.at);
      end = start;
    }
  }
  return undefined;
}

function positionOf(at: string): LogPosition {
  const [time = "", count = "1"] = at.split("#");
  return { time, count: Number(count) };
}
