// The tarball holds what a user needs and nothing else: no test, no source, nothing that was only lying about.
// usage: node scripts/check-package.js [ROOT]
import { execFileSync } from "node:child_process";
import { report, rootOf } from "./lib/files.js";

const ALLOWED = [/^package\.json$/, /^(README|CHANGELOG)\.md$/, /^LICENSE$/, /^bin\/(bowline\.js|package\.json)$/];
const ALLOWED_BUILT = [
  /^dist\/licenses\.txt$/,
  /^dist\/(index\.js|bowline\.cjs|unpack-thread\.cjs)$/,
  /^dist\/command\/[\w.-]+\.cjs$/,
  /^dist\/chunks\/[\w.-]+\.js$/,
  /^dist\/types\/.+\.d\.ts$/,
  /^schemas\/[\w.-]+\.json$/,
];
const NEEDED = [
  "package.json",
  "README.md",
  "LICENSE",
  "CHANGELOG.md",
  "bin/bowline.js",
  "bin/package.json",
  "dist/bowline.cjs",
  "dist/command/bowline.cjs",
  "dist/index.js",
  "dist/licenses.txt",
  "dist/types/index.d.ts",
  "dist/unpack-thread.cjs",
];
const MOST_BYTES = 4_000_000;

const root = rootOf(process.argv[2]);
const output = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
  cwd: root,
  stdio: ["ignore", "pipe", "ignore"],
});
const [tarball] = JSON.parse(output.toString());
const files = tarball.files.map((file) => file.path);
const problems = [];
for (const file of files) {
  if (![...ALLOWED, ...ALLOWED_BUILT].some((pattern) => pattern.test(file)))
    problems.push(`${file}: does not belong into the package`);
}
for (const file of NEEDED) {
  if (!files.includes(file))
    problems.push(`${file}: is missing from the package${file.startsWith("dist/") ? "; run: npm run build" : ""}`);
}
if (tarball.unpackedSize > MOST_BYTES)
  problems.push(`the package has ${tarball.unpackedSize} bytes unpacked; at most ${MOST_BYTES} are meant`);
report(problems);
