import { devNull } from "node:os";
import { join } from "node:path";
import { makeFolder, runProgram } from "../../lib/index.ts";

/** The first path segment of the two repositories that only the account sees. */
export const PRIVATE_OWNER = "team";

/** Makes the three bare repositories below `root`; gives the commits of the public one, oldest first. */
export async function makeRepositories(root: string, searchPath: string): Promise<string[]> {
  await make(join(root, PRIVATE_OWNER, "train.git"), searchPath, [
    { branch: "main", message: "Train", files: { "train.sh": TRAIN } },
    { branch: "longer", message: "Train longer", files: { "train.sh": TRAIN.replace("epochs=2", "epochs=4") } },
  ]);
  await make(join(root, PRIVATE_OWNER, "data.git"), searchPath, [
    { branch: "main", message: "Add numbers", files: { "numbers.txt": "3\n1\n4\n1\n5\n" } },
  ]);
  return make(join(root, "public", "hello.git"), searchPath, [
    { branch: "main", message: "Say hello", files: { "hello.sh": 'echo "hello from the first commit"\n' } },
    { branch: "main", message: "Say it louder", files: { "hello.sh": 'echo "HELLO FROM THE SECOND COMMIT"\n' } },
  ]);
}

const TRAIN = `# What stands for a training job here.
epochs=2
numbers=\${1:-}
[ -z "$numbers" ] || echo "training on $(wc -l < "$numbers" | tr -d ' ') numbers"
for epoch in $(seq 1 $epochs); do echo "epoch $epoch of $epochs"; done
`;

interface DemoCommit {
  branch: string;
  message: string;
  files: Record<string, string>;
}

/** By `git fast-import`, whose input is one text: no working tree, three starts of git. */
async function make(path: string, searchPath: string, commits: DemoCommit[]): Promise<string[]> {
  await makeFolder(path);
  const git = async (args: string[], input = ""): Promise<string> => {
    const env = { PATH: searchPath, GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: devNull, LC_ALL: "C" };
    const { exitCode, stdout, stderr } = await runProgram("git", args, { cwd: path, env, input });
    if (exitCode !== 0) throw new Error(`git ${args[0]} failed: ${stderr}`);
    return stdout.trimEnd();
  };
  await git(["init", "--quiet", "--bare", "--template=", "--initial-branch=main"]);
  await git(["config", "uploadpack.allowFilter", "true"]);
  await git(["config", "uploadpack.allowAnySHA1InWant", "true"]);
  const out = await git(["fast-import", "--quiet"], fastImport(commits));
  return out.split("\n");
}

function fastImport(commits: readonly DemoCommit[]): string {
  const known = new Set<string>();
  const parts = commits.map(({ branch, message, files }, at) => {
    const who = `Ada Lovelace <ada@example.com> ${1_763_000_000 + at * 3600} +0000`;
    // A new branch begins where the last commit is.
    const from = at > 0 && !known.has(branch) ? `from :${at}\n` : "";
    known.add(branch);
    const changes = Object.entries(files).map(([name, text]) => `M 100644 inline ${name}\n${data(text)}`);
    const head = `commit refs/heads/${branch}\nmark :${at + 1}\nauthor ${who}\ncommitter ${who}\n`;
    return `${head}${data(message)}${from}${changes.join("")}get-mark :${at + 1}\n`;
  });
  return parts.join("");
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}
