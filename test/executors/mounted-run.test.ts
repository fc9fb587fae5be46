import { execa } from "execa";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { BOWLINE, newDesk, type Desk } from "../cli/bowline.ts";
import { isLiving, until } from "../runs/living.ts";
import { AS_USER, filesBelow, holdersOf, isRoot, USER, whyNoMount } from "./mounted-places.ts";
import { startGitServer, type Account, type GitServer } from "../support/index.ts";

const ADA: Account = { token: "t0ken-of-ada" };
const noMount = await whyNoMount();

let server: GitServer;
beforeAll(async () => {
  server = await startGitServer({ accounts: [ADA] });
  const tree = {
    "a.txt": "kept\n",
    "b/c": "c",
    "run.sh": { executable: "#!/bin/sh\necho from the repository\n" },
  };
  await server.add("org/test", { commits: [{ files: { ...tree, large: "x".repeat(200_000) } }] });
});
afterAll(() => server.close());

describe.skipIf(noMount)(`mount: true of an ordinary user${noMount ? ` (skipped: ${noMount})` : ""}`, () => {
  it("gives the job its code, in which nothing that it writes reaches the cache, and which is opened again afterwards", async () => {
    const desk = await userDesk();
    const first = await run(desk, "cat a.txt");
    expect(first).toMatchObject({ stdout: "kept\n", exitCode: 0 });
    expect(first.stderr).toContain("MOUNTED_FOR_THE_RUN");
    const before = filesBelow(join(desk.folder, "home/cache/git/repositories"));
    expect([...before.keys()].filter((path) => path.includes("/checkout/")).length).toBeGreaterThan(5);
    const script = `set -e
      pwd; id -u; id -g; git status --porcelain; git log --format=%s; ./run.sh
      grep -c "CapEff:.0000000000000000" /proc/self/status
      umount . 2>/dev/null && echo unmounted
      mountpoint -q . && echo mounted
      find . -type f | while read -r file; do chmod u+w "$file"; echo written >> "$file"; done
      rm -r b; mkdir b; echo new > b/new; echo $$ > pid`;
    const second = await run(desk, script);
    const [folder = "", ...lines] = second.stdout.split("\n");
    const ids = isRoot ? [`${USER}`, `${USER}`] : [`${process.getuid?.()}`, `${process.getgid?.()}`];
    expect({ lines, exitCode: second.exitCode }).toEqual({
      lines: [...ids, "Commit 1", "from the repository", "1", "mounted", ""],
      exitCode: 0,
    });
    expect(filesBelow(join(desk.folder, "home/cache/git/repositories"))).toEqual(before);
    expect((await run(desk, "cat a.txt b/c")).stdout).toBe("kept\nc");

    expect(readdirSync(folder)).toEqual(["open.sh"]);
    const opened = await asUser(desk, ["sh", join(folder, "open.sh"), "sh", "-c", "pwd; id -u; cat a.txt; ls b"]);
    expect(opened.stdout).toBe([folder, ids[0], "kept", "written", "new", ""].join("\n"));
    const uuid = folder.split("/").at(-3)!;
    expect((await asUser(desk, [...COMMAND, "cache", "prune", "--all"])).stderr).toContain("1 in use");
    expect(await asUser(desk, [...COMMAND, "delete", uuid, "--yes"])).toMatchObject({ exitCode: 0 });
    expect(existsSync(join(folder, "../.."))).toBe(false);
  });

  it("git in the job asks with its connection's credential, and a sidecar sees what the job writes", async () => {
    const desk = await userDesk({
      more: "connections: [code]\n  sidecars: [{name: beside, command: [sh, -c, 'until [ -e told ]; do sleep 0.05; done; cat told > heard; sleep 60'], workingDir: '{{ globals.artifacts_path }}/code'}]",
    });
    const { stdout, exitCode } = await run(
      desk,
      "git fetch -q && git rev-parse FETCH_HEAD HEAD | uniq | wc -l; echo heard > told; until [ -s heard ]; do sleep 0.05; done; cat heard",
    );
    expect({ stdout, exitCode }).toEqual({ stdout: "1\nheard\n", exitCode: 0 });
  });

  it("ends as any other job: its exit code, a signal, a command or folder that is not there, its time, stop", async () => {
    const desk = await userDesk();
    const ended = async (command: string, more = ""): Promise<string> => {
      await desk.write("job.yaml", jobFile(command, { more }));
      const { stdout } = await asUser(desk, [...RUN, "-o", "json"]);
      const { exitCode, reason, errors } = JSON.parse(stdout) as Record<string, unknown>;
      return JSON.stringify([exitCode, reason, (errors as { code: string }[] | undefined)?.map(({ code }) => code)]);
    };
    expect(await ended("[sh, -c, 'exit 7']")).toBe('[7,"ExitCode",null]');
    expect(await ended("[sh, -c, 'kill -9 $$']")).toBe('[137,"Signal",null]');
    expect(await ended("[not-there]")).toBe('[127,"ExitCode",null]');
    expect(await ended("[./a.txt]")).toBe('[126,"ExitCode",null]');
    expect(await ended("[pwd], workingDir: nowhere")).toBe('[null,"PATH_INVALID",["PATH_INVALID"]]');
    expect(await ended("[sleep, '1000']", "termination: {timeout: 1}")).toMatch(/^\[143,"Timeout"/);
    await desk.write(
      "job.yaml",
      jobFile(`[sh, -c, "trap 'echo asked; exit 3' TERM; echo up; while :; do sleep 0.05; done"]`),
    );
    const detached = await asUser(desk, [...RUN, "-d", "-o", "name"]);
    const uuid = detached.stdout.trim().split("/").at(-1)!;
    await until(async () => (await asUser(desk, [...COMMAND, "logs", uuid])).stdout.includes("up"));
    await asUser(desk, [...COMMAND, "stop", uuid]);
    expect((await asUser(desk, [...COMMAND, "logs", uuid])).stdout).toContain("asked");
    expect(JSON.parse((await asUser(desk, [...COMMAND, "get", uuid, "-o", "json"])).stdout)).toMatchObject({
      status: "stopped",
      exitCode: 3,
    });
  });

  it("kill -9 of the supervisor leaves no process and no mount", async () => {
    const desk = await userDesk();
    await desk.write("job.yaml", jobFile("[sh, -c, 'setsid sleep 1000 & echo $! $$; exec sleep 1001']"));
    const supervisor = startAsUser(desk, RUN);
    onTestFinished(() => void supervisor.kill("SIGKILL"));
    let said = "";
    supervisor.stdout?.on("data", (chunk) => (said += String(chunk)));
    const pids = await until(() => (said.includes("\n") ? said.trim().split(" ").map(Number) : undefined));
    expect(pids.every(isLiving)).toBe(true);
    expect(holdersOf(desk).length).toBeGreaterThan(0);
    // The kernel closes its own folder of an overlay to everybody.
    const found = spawnSync("find", [join(desk.folder, "home"), "-name", "open.sh"], { encoding: "utf8" }).stdout;
    const open = (): Promise<{ stdout: string }> => asUser(desk, ["sh", found.trim(), "cat", "a.txt"]);
    expect((await open()).stdout).toBe("");
    process.kill(supervisor.pid!, "SIGKILL");
    await supervisor;
    await until(() => !pids.some(isLiving));
    await until(() => holdersOf(desk).length === 0);
    expect((await open()).stdout).toBe("kept\n");
    expect((await asUser(desk, [...COMMAND, "cache", "ls", "-o", "json"])).stdout).not.toContain("notMounted");
  });

  it("two runs at once have each their own", async () => {
    const desk = await userDesk();
    await run(desk, "true");
    const script =
      "cat a.txt; echo $0 $$ > a.txt; touch own-$$; sleep 1; ls own-* | wc -l; git status --porcelain | wc -l";
    const both = await Promise.all([run(desk, script), run(desk, script)]);
    expect(both.map(({ stdout }) => stdout)).toEqual(["kept\n1\n2\n", "kept\n1\n2\n"]);
  });

  it("a repository into which another step writes is written", async () => {
    const desk = await userDesk({ init: "- {file: {content: 'of the step', filename: own.txt}, path: code/b}" });
    const { stdout, stderr } = await run(desk, "cat b/own.txt; mountpoint -q . || echo written");
    expect(stdout).toBe("of the step\nwritten\n".replace("\n", ""));
    expect(stderr).toContain("MOUNT_NOT_POSSIBLE");
  });

  it("where namespaces are refused the files are written, with the reason", async () => {
    const desk = await userDesk();
    await desk.write("job.yaml", jobFile("[sh, -c, 'cat a.txt; git status --porcelain']"));
    // one namespace may be made in there, the one that gives the user its number again
    const ids = [`--map-user=${USER}`, `--map-group=${USER}`];
    const limited = `echo 1 > /proc/sys/user/max_user_namespaces && exec unshare --user ${ids.join(" ")} -- "$@"`;
    const { stdout, stderr } = await asUser(desk, [
      "unshare",
      "--user",
      "--map-root-user",
      "sh",
      "-c",
      limited,
      "sh",
      ...RUN,
    ]);
    expect(stdout).toBe("kept\n");
    expect(stderr).toMatch(/cannot be mounted here: unshare: .*\[MOUNT_NOT_POSSIBLE\]/);
  });

  it.skipIf(!isRoot)(
    "with an older unshare, which cannot give the user its number again, the files are written",
    async () => {
      const desk = await userDesk();
      await desk.write("job.yaml", jobFile("[cat, a.txt]"));
      const [older, real] = [join(desk.folder, "unshare"), join(desk.folder, "unshare-real")];
      copyFileSync("/usr/bin/unshare", real);
      const refusal = `case "$*" in *--map-user*) echo "unshare: unrecognized option '--map-user'" >&2; exit 1;; esac`;
      await desk.write("unshare", `#!/bin/sh\n${refusal}\nexec "${real}" "$@"\n`);
      chmodSync(older, 0o755);
      const words = [`mount --bind "$1" /usr/bin/unshare && shift && exec "$@"`, "sh", older, ...AS_USER, ...RUN];
      const { stdout, stderr } = await execa("unshare", ["--mount", "sh", "-c", ...words], {
        cwd: desk.folder,
        env: desk.env,
        extendEnv: false,
        reject: false,
      });
      expect(stdout).toBe("kept");
      expect(stderr).toMatch(/cannot be mounted here: unshare: unrecognized option.*\[MOUNT_NOT_POSSIBLE\]/);
    },
  );

  it.skipIf(!isRoot)("sees a disk that is mounted on this machine while it runs", async () => {
    const desk = await userDesk();
    const late = join(desk.folder, "late");
    mkdirSync(late);
    chownSync(late, USER, USER);
    const job = `cat a.txt; touch "${late}/up"; until [ -e "${late}/disk" ]; do sleep 0.05; done; echo seen`;
    await desk.write("job.yaml", jobFile(`[timeout, '20', sh, -c, ${JSON.stringify(job)}]`));
    const script = `late=$1; shift; "$@" & until [ -e "$late/up" ]; do sleep 0.05; done
      mount -t tmpfs tmpfs "$late" && touch "$late/disk"; wait`;
    const words = ["--mount", "--propagation", "shared", "sh", "-c", script, "sh", late, ...AS_USER, ...RUN];
    const { stdout } = await execa("unshare", words, {
      cwd: desk.folder,
      env: desk.env,
      extendEnv: false,
      reject: false,
      timeout: 40_000,
    });
    expect(stdout).toBe("kept\nseen");
  });

  it.skipIf(!isRoot)("on a disk without extended attributes the files are written", async () => {
    const desk = await userDesk();
    const disk = join(desk.folder, "home");
    mkdirSync(disk);
    expect(spawnSync("mount", ["-t", "ramfs", "ramfs", disk]).status).toBe(0);
    try {
      chownSync(disk, USER, USER);
      const { stdout, stderr } = await run(desk, "rm -r b; mkdir b; ls");
      expect(stdout).toBe("a.txt\nb\nlarge\nrun.sh\n");
      expect(stderr).toContain("MOUNT_NOT_POSSIBLE");
    } finally {
      spawnSync("umount", ["-l", disk]);
    }
  });

  it("what is not started by a run gets files: bowline initializer git", async () => {
    const desk = await userDesk();
    const words = [
      "--url",
      `${server.url}/org/test`,
      "--path",
      join(desk.folder, "out"),
      "--cache",
      join(desk.folder, "kept"),
      "--mount",
    ];
    const answer = await asUser(desk, [...COMMAND, "initializer", "git", ...words], {
      POLYAXON_GIT_CREDENTIALS: ADA.token!,
    });
    expect(answer.stderr).toContain("which the process executor does");
    expect(readFileSync(join(desk.folder, "out/a.txt"), "utf8")).toBe("kept\n");
  });
});

const COMMAND = [process.execPath, BOWLINE];
const RUN = [...COMMAND, "run", "-f", "job.yaml", "--config", "bowline.yaml"];

interface JobText {
  more?: string;
  init?: string;
}

function jobFile(command: string, { more = "", init = "" }: JobText = {}): string {
  return `version: 1.1
kind: component
${more.startsWith("termination") ? more : ""}
run:
  kind: job
  init:
    - {connection: code, git: {mount: true}}
    ${init}
  ${more.startsWith("termination") ? "" : more}
  container: {command: ${command}}
`;
}

/** A desk of the user's, in a folder with a blank in its name. */
async function userDesk(text: JobText = {}): Promise<Desk & { text: JobText }> {
  const desk = await newDesk();
  const folder = join(desk.folder, "a desk");
  mkdirSync(folder);
  const env = { ...desk.env, HOME: folder, BOWLINE_HOME: join(folder, "home") };
  await desk.write(
    "a desk/bowline.yaml",
    `connections: [{name: code, kind: git, schema: {url: "${server.url}/org/test"}}]
credentials: [{match: "${server.url}/org/", from: {env: ADA}}]
`,
  );
  for (const path of [dirname(desk.folder), desk.folder]) chmodSync(path, 0o755);
  if (isRoot) chownSync(folder, USER, USER);
  return {
    ...desk,
    folder,
    env: { ...env, ADA: ADA.token! },
    text,
    write: (name, content) => desk.write(`a desk/${name}`, content),
  };
}

async function run(desk: Desk & { text: JobText }, script: string) {
  await desk.write("job.yaml", jobFile(`[sh, -c, ${JSON.stringify(script)}]`, desk.text));
  return asUser(desk, RUN);
}

function startAsUser(desk: Desk, words: readonly string[], env: Record<string, string> = {}) {
  const [program = "", ...rest] = [...AS_USER, ...words];
  const options = { cwd: desk.folder, env: { ...desk.env, ...env }, extendEnv: false, reject: false } as const;
  return execa(program, rest, { ...options, stdin: "ignore", stripFinalNewline: false });
}

async function asUser(desk: Desk, words: readonly string[], env: Record<string, string> = {}) {
  const { stdout, stderr, exitCode } = await startAsUser(desk, words, env);
  return { stdout: String(stdout), stderr: String(stderr), exitCode };
}
