// Loaded into a process that is measured: leaves the most memory that it held, in bytes, in a file of the folder named by BENCH_MEMORY.
const { writeFileSync } = require("node:fs");
const { join } = require("node:path");

process.on("exit", () => {
  const bytes = process.resourceUsage().maxRSS * 1024;
  writeFileSync(join(process.env.BENCH_MEMORY, String(process.pid)), String(bytes));
});
