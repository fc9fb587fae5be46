// Runs every check of this repository, two at a time, and prints one line for each; what failed is printed in full.
// usage: node scripts/checks.js [NAME…]
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const checks = {
  types: ["tsc"],
  lint: ["oxlint"],
  format: ["oxfmt", "--check"],
  unused: ["knip", "--no-progress"],
  imports: ["node", "scripts/check-imports.js"],
  text: ["node", "scripts/check-text.js"],
  lock: ["node", "scripts/check-lock.js"],
  package: ["node", "scripts/check-package.js"],
  docs: ["node", "scripts/check-docs.js"],
  reference: ["node", "scripts/reference.js", "--check"],
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in checks));
if (unknown.length > 0) {
  console.error(`no such check: ${unknown.join(", ")}; there are: ${Object.keys(checks).join(", ")}`);
  process.exit(2);
}

const waiting = asked.length > 0 ? asked : Object.keys(checks);
const failed = [];
await Promise.all([worker(), worker()]);
if (failed.length > 0) {
  console.error(`\nfailed: ${failed.join(", ")}`);
  process.exit(1);
}

async function worker() {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const started = performance.now();
    const { code, output } = await run(checks[name]);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${code === 0 ? "ok    " : "FAILED"}  ${name}  ${seconds} s`);
    if (code === 0) continue;
    failed.push(name);
    console.log(output.trimEnd());
  }
}

function run([command, ...args]) {
  const path = `${root}node_modules/.bin:${process.env.PATH}`;
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, PATH: path },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ code: 1, output: String(error) }));
    child.on("close", (code) => resolve({ code, output }));
  });
}
