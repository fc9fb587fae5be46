// Loaded into a process that is measured: leaves the most memory that it held, in bytes, in a file of the folder named by BENCH_MEMORY.
// Not what getrusage says: that begins with what the starter of the process held.
const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

process.on("exit", () => {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  writeFileSync(join(process.env.BENCH_MEMORY, String(process.pid)), String(Number(kilobytes) * 1024));
});
