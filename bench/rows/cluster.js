// From a Job's creation to its code: the Job that Bowline makes against the same one whose init container clones by git instead. Only where a cluster
// for tests is (test/engines/up --cluster).
import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { LOGIN } from "../settings.js";
import { fileOf } from "../world.js";

const { KUBECONFIG, BOWLINE_CLUSTER_HOST: host, BOWLINE_TEST_IMAGE: image = "bowline:test" } = process.env;
const LIMIT = 300_000;

export const clusterRows =
  KUBECONFIG && host
    ? [pods({ id: "pod-1", count: 1, work: "1 pod" }), pods({ id: "pod-50", count: 50, work: "50 pods at once" })]
    : [];

function pods({ id, work, count }) {
  const contenders = (world, { tiny }) => {
    const repository = world.repositories.S;
    const number = tiny ? Math.min(2, count) : count;
    return [
      jobs("git clone --depth 1", { world, repository, number, makeJob: cloneJob }),
      jobs("init container", { world, repository, number, makeJob: ourJob }),
    ];
  };
  return {
    ...{ id, work: `Job created → code ready, ${work}, S`, repositories: ["S"], scarce: count > 1 },
    ...{ reference: "git clone --depth 1", goals: { "init container": { factor: 1.2 } }, contenders },
  };
}

/** A contender: its Job so many times, created by one request each way. The time is that of the last one's code. */
function jobs(name, { world, repository, number, makeJob }) {
  return {
    name,
    makesTree: false,
    before: async ({ base }) => {
      const at = await openPlace(world, repository);
      const job = await makeJob({ ...at, base, world });
      const list = Array.from({ length: number }, () => renamed(job));
      return { at, list: JSON.stringify({ apiVersion: "v1", kind: "List", items: list }) };
    },
    run: async ({ at, list }) => {
      const started = performance.now();
      const ready = at.ready(number);
      await at.kubectl(["create", "-f", "-"], list);
      return { ms: (await ready) - started };
    },
    after: ({ at }) => at?.close(),
  };
}

/** A namespace with the credential, the bench's server where pods reach it, and a place where main containers say that they run. */
async function openPlace(world, repository) {
  const namespace = `bench-${randomUUID().slice(0, 8)}`;
  const kubectl = (words, input) => start("kubectl", ["-n", namespace, ...words], input);
  const near = new URL(world.url(repository));
  const git = createTcpServer((socket) => {
    const other = connect(Number(near.port), near.hostname);
    for (const [from, to] of [
      [socket, other],
      [other, socket],
    ])
      from.pipe(to).on("error", () => from.destroy());
  });
  let count = 0;
  let onReady = () => {};
  const signal = createServer((_, response) => {
    response.end();
    onReady((count += 1));
  });
  for (const server of [git, signal]) await once(server.listen(0, host), "listening");
  const remove = () => spawnSync("kubectl", ["delete", "namespace", namespace, "--ignore-not-found", "--wait=false"]);
  process.once("exit", remove);
  await kubectl(["create", "namespace", namespace]);
  await kubectl(["create", "secret", "generic", "code", `--from-literal=POLYAXON_GIT_CREDENTIALS=${LOGIN}`]);
  return {
    namespace,
    kubectl,
    url: `http://${host}:${git.address().port}${near.pathname}`,
    main: ["wget", "-q", "-O", "/dev/null", `http://${host}:${signal.address().port}/`],
    ready: (number) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`only ${count} of ${number} pods got their code`)), LIMIT);
        onReady = (now) => {
          if (now < number) return;
          clearTimeout(timer);
          resolve(performance.now());
        };
      }),
    close: async () => {
      await kubectl(["delete", "namespace", namespace]);
      process.off("exit", remove);
      signal.closeAllConnections();
      for (const server of [git, signal]) server.close();
    },
  };
}

/**
 * What `bowline run` would create, the commit pinned; its folders in RAM, as the other rows' are. A disk can cost more than the work: ext4 without a journal
 * uses no inode again for minutes, and every new file searches past those that the contender before left when its pods were deleted.
 */
async function ourJob({ base, namespace, url, main, world }) {
  const [config, file] = [join(base, "bowline.yaml"), join(base, "job.yaml")];
  const connections = [{ name: "code", kind: "git", schema: { url }, secret: { name: "code" } }];
  const executor = { kind: "kubernetes", namespace };
  const policy = { plainHttpHosts: [host] };
  await writeFile(config, JSON.stringify({ executor, init: { image }, policy, connections }));
  const init = [{ connection: "code", git: { revision: "main" } }];
  await writeFile(
    file,
    JSON.stringify({ run: { kind: "job", init, container: { image: "busybox:local", command: main } } }),
  );
  const words = [fileOf("bin/bowline.js"), "run", "-f", file, "--config", config, "--dry-run", "-o", "json"];
  const list = await world.start(process.execPath, words, { KUBECONFIG, BOWLINE_HOME: join(base, "bowline") });
  const job = JSON.parse(list).items.find(({ kind }) => kind === "Job");
  for (const volume of job.spec.template.spec.volumes) if (volume.emptyDir) volume.emptyDir.medium = "Memory";
  return job;
}

/** The same Job, but for the command of its init container: what differs in time is what that does. */
async function cloneJob(place) {
  const job = await ourJob(place);
  const [init] = job.spec.template.spec.initContainers;
  const target = init.args.find((word) => word.startsWith("--path=")).slice("--path=".length);
  const { mountPath } = init.volumeMounts.find(({ name }) => name === "bowline-credential");
  const login = `IFS=: read -r user password <${mountPath}/POLYAXON_GIT_CREDENTIALS`;
  const helper = `!f() { ${login}; echo "username=$user"; echo "password=$password"; }; f`;
  delete init.args;
  init.command = [
    ...["git", "-c", `credential.helper=${helper}`],
    ...["clone", "--quiet", "--depth", "1", "--branch", "main", place.url, target],
  ];
  return job;
}

/** The same Job of another run. */
function renamed(job) {
  const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(job.metadata.name)[0];
  return JSON.parse(JSON.stringify(job).replaceAll(uuid, randomUUID()));
}

async function start(command, args, input) {
  const child = spawn(command, args, { stdio: ["pipe", "ignore", "pipe"], timeout: LIMIT });
  let words = "";
  child.stderr.on("data", (chunk) => (words += chunk));
  child.stdin.end(input);
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${words.trim().slice(-600)}`);
}
