import { expect, test } from "vitest";
import type { ContainerPlan, GitStep, Plan } from "../../../src/compile/index.ts";
import type { Config } from "../../../src/config/index.ts";
import type { Connection, CredentialEntry } from "../../../src/connections/index.ts";
import { manifestsOf } from "../../../src/executors/kubernetes/manifests/manifests.ts";
import { plainConfig, planOf, temporaryHome } from "../../runs/plans.ts";

const UUID = "0b6c1b1e-6f0e-4b62-9d3c-2f4e0d7a9c11";

interface Mount {
  name: string;
  mountPath: string;
  subPath?: string;
}

interface Container {
  name: string;
  image: string;
  args?: string[];
  env: { name: string; value?: string; valueFrom?: object }[];
  envFrom?: object[];
  volumeMounts: Mount[];
  securityContext?: Record<string, unknown>;
  resources?: object;
  restartPolicy?: string;
}

interface Pod {
  initContainers: Container[];
  containers: [Container];
  volumes: ({ name: string } & Record<string, unknown>)[];
  securityContext?: Record<string, unknown>;
  [field: string]: unknown;
}

interface Made {
  pod: Pod;
  main: Container;
  spec: Record<string, unknown>;
  text: string;
}

function made(plan: Partial<Plan>, main: Partial<ContainerPlan> = {}, change: Partial<Config> = {}): Made {
  const config = { ...plainConfig(temporaryHome()), ...change };
  const whole = planOf({ image: "i", ...main }, { artifactsPath: "/plx-context/artifacts", ...plan });
  const { record, workloads } = manifestsOf({
    plan: whole,
    config,
    uuid: UUID,
    namespace: "n",
    run: {},
    secretKeys: new Map(),
  });
  const spec = workloads[0]!.spec as Record<string, unknown> & { template: { spec: Pod } };
  const pod = spec.template.spec;
  return { pod, main: pod.containers[0], spec, text: JSON.stringify([record, ...workloads]) };
}

function step(name: string, more: Partial<GitStep> = {}): GitStep {
  return {
    kind: "git",
    name,
    url: `https://h.test/o/${name}`,
    urlOverridden: false,
    path: `/plx-context/artifacts/${name}`,
    options: { history: 1, tags: false, submodules: false, lfs: false, sparse: [] },
    pin: { commit: "a".repeat(40), ref: "refs/heads/main", at: "2026-11-23T08:00:00.000Z" },
    ...more,
  };
}

function connection(name: string, more: Partial<Connection> = {}): Connection {
  return {
    name,
    kind: "git",
    schema: { url: `https://h.test/o/${name}` },
    secret: { name: `secret-${name}` },
    ...more,
  };
}

const secretsOf = (pod: Pod, container: Container): string[] =>
  container.volumeMounts.flatMap(({ name }) => {
    const { secret } = pod.volumes.find((volume) => volume.name === name) as { secret?: { secretName: string } };
    return secret === undefined ? [] : [secret.secretName];
  });

test("a Secret is mounted in the step that needs it and in no other container", () => {
  const connections = { a: connection("a"), b: connection("b") };
  const { pod, main } = made({ connections, init: [step("a", { connection: "a" }), step("b", { connection: "b" })] });
  expect(pod.initContainers.map((each) => secretsOf(pod, each))).toEqual([["secret-a"], ["secret-b"]]);
  expect(secretsOf(pod, main)).toEqual([]);
  expect(main.envFrom).toBeUndefined();
});

test("a step is given its pin, whatever was asked for", () => {
  const { pod } = made({ init: [step("a", { revision: "branchA" })] });
  expect(pod.initContainers[0]!.args).toEqual(
    expect.arrayContaining([`--commit=${"a".repeat(40)}`, "--ref=refs/heads/main"]),
  );
  expect(pod.initContainers[0]!.args!.some((word) => word.startsWith("--revision"))).toBe(false);
});

test("of credentials entries the one that covers the url is mounted; with submodules every one, and then none has to be there", () => {
  const credentials: CredentialEntry[] = [
    { match: "https://h.test/o/", secret: { name: "here" } },
    { match: "https://else.test/", secret: { name: "elsewhere" } },
  ];
  const catalog = { connections: new Map(), credentials };
  const one = made({ init: [step("a")] }, {}, { catalog });
  expect(secretsOf(one.pod, one.pod.initContainers[0]!)).toEqual(["here"]);
  const options = { ...step("a").options, submodules: true };
  const all = made({ init: [step("a", { options })] }, {}, { catalog });
  expect(secretsOf(all.pod, all.pod.initContainers[0]!)).toEqual(["here", "elsewhere"]);
  expect(
    all.pod.volumes.find(({ secret }) => (secret as { secretName?: string })?.secretName === "elsewhere"),
  ).toMatchObject({
    secret: { optional: true },
  });
});

test("what is only on this machine is refused, and so is a password that everybody could read", () => {
  const from = { match: "https://h.test/", from: "git" as const };
  const catalog = { connections: new Map(), credentials: [from] };
  expect(() => made({ init: [step("a")] }, {}, { catalog })).toThrow(/on this machine only/);
  const proxied = connection("a", { schema: { url: "https://h.test/o/a", proxy: "http://u:pw@proxy:1" } });
  expect(() => made({ connections: { a: proxied }, init: [step("a", { connection: "a" })] })).toThrow(
    /proxy with a password/,
  );
});

test("two connections with the same key: the first one's stands; a variable of the user's own wins", () => {
  const connections = {
    a: connection("a", { env: [{ name: "X", value: "a" }] }),
    b: connection("b", { env: [{ name: "X", value: "b" }] }),
  };
  const { main } = made({ connections }, { connections: ["a", "b"], env: [{ name: "Y", value: "$(X) $$" }] });
  expect(main.envFrom).toEqual([{ secretRef: { name: "secret-b" } }, { secretRef: { name: "secret-a" } }]);
  expect(main.env.filter(({ name }) => name === "X")).toEqual([{ name: "X", value: "a" }]);
  expect(main.env).toContainEqual({ name: "Y", value: "$(X) $$$$" });
  expect(new Set(main.env.map(({ name }) => name)).size).toBe(main.env.length);
  const own = made({ connections }, { connections: ["a"], env: [{ name: "X", value: "mine" }] });
  expect(own.main.env.filter(({ name }) => name === "X")).toEqual([{ name: "X", value: "mine" }]);
});

test("a container's own GIT_CONFIG variables stay", () => {
  const env = [
    { name: "GIT_CONFIG_COUNT", value: "1" },
    { name: "GIT_CONFIG_KEY_0", value: "user.name" },
    { name: "GIT_CONFIG_VALUE_0", value: "ada" },
  ];
  const { main } = made({ init: [step("a")] }, { env });
  const of = (name: string) => main.env.find((each) => each.name === name)?.value;
  expect([of("GIT_CONFIG_KEY_0"), of("GIT_CONFIG_KEY_1"), of("GIT_CONFIG_VALUE_1")]).toEqual([
    "user.name",
    "safe.directory",
    "/plx-context/artifacts/a",
  ]);
  expect(Number(of("GIT_CONFIG_COUNT"))).toBeGreaterThan(1);
});

test("each path has a folder of its own in every container; one that the user mounts is his volume", () => {
  const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "d" } }];
  const init = [step("a", { path: "/code/a" }), step("b", { path: "/data/src/b" }), step("c")];
  const { pod, main } = made({ init, volumes }, { rest: { volumeMounts: [{ name: "data", mountPath: "/data" }] } });
  for (const each of [...pod.initContainers, main]) {
    const places = each.volumeMounts.map(({ mountPath }) => mountPath);
    expect(places).toEqual(expect.arrayContaining(["/plx-context/artifacts", "/code", "/data"]));
    expect(new Set(places).size).toBe(places.length);
  }
  expect(pod.initContainers[1]!.volumeMounts).toContainEqual({ name: "data", mountPath: "/data" });
});

test("a volume for artifacts gives each run a folder of its own", () => {
  const artifacts = { persistentVolumeClaim: { claimName: "runs" } };
  const { main, pod } = made({}, {}, { executor: { kind: "kubernetes", artifacts } });
  expect(main.volumeMounts[0]).toMatchObject({ mountPath: "/plx-context/artifacts", subPath: `bowline/${UUID}` });
  expect(pod.volumes).toContainEqual({ name: "bowline-artifacts", ...artifacts });
});

test("what we add is as restricted as it can be; files are the main container's where it is known", () => {
  const known = made({ init: [step("a")] }, { rest: { securityContext: { runAsUser: 7, runAsGroup: 8 } } });
  expect(known.pod.initContainers[0]!.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    readOnlyRootFilesystem: true,
    runAsUser: 7,
    runAsGroup: 8,
    runAsNonRoot: true,
    seccompProfile: { type: "RuntimeDefault" },
  });
  expect(known.pod["automountServiceAccountToken"]).toBe(false);
  expect(known.pod.initContainers[0]!.resources).toMatchObject({
    requests: { "ephemeral-storage": expect.any(String) },
    limits: { "ephemeral-storage": expect.any(String), memory: "512Mi" },
  });
  const unknown = made({ init: [step("a")] });
  expect(unknown.pod.securityContext).toEqual({ fsGroup: 65_532 });
  // Files of a claimed volume are not ours to give away.
  const claimed = made({ init: [step("a")], volumes: [{ name: "d", persistentVolumeClaim: { claimName: "d" } }] });
  expect(claimed.pod.securityContext).toEqual({ supplementalGroups: [65_532] });
  expect(JSON.stringify(unknown.pod.initContainers[0]!.args)).toContain("groupWrites");
});

test("a service account's token reaches the user's containers only", () => {
  const { pod, main } = made({ init: [step("a")], environment: { serviceAccountName: "mine" } });
  const place = "/var/run/secrets/kubernetes.io/serviceaccount";
  expect(pod.initContainers[0]!.volumeMounts.map(({ mountPath }) => mountPath)).toContain(place);
  expect(main.volumeMounts.map(({ mountPath }) => mountPath)).not.toContain(place);
  expect(pod["automountServiceAccountToken"]).toBeUndefined();
});

test("the environment passes through; sidecars go on and come after the git steps", () => {
  const environment = {
    labels: { team: "a" },
    annotations: { note: "b" },
    nodeSelector: { gpu: "yes" },
    tolerations: [{ key: "k", operator: "Exists" }],
    imagePullSecrets: ["pull", { name: "other" }],
    hostAliases: [{ ip: "10.0.0.1", hostnames: ["x"] }],
    priorityClassName: "high",
    schedulerName: "mine",
    dnsPolicy: "None",
  };
  const sidecars = [{ name: "side", image: "s", env: [], connections: [], rest: {} }];
  const { pod, spec } = made({
    environment,
    sidecars,
    init: [step("a")],
    termination: { maxRetries: 2, timeout: 60, ttl: 5 },
  });
  const { labels, annotations, imagePullSecrets: _pull, ...same } = environment;
  expect(pod).toMatchObject({ ...same, imagePullSecrets: [{ name: "pull" }, { name: "other" }] });
  const { metadata } = spec["template"] as { metadata: { labels: object; annotations: object } };
  expect(metadata.labels).toMatchObject({ ...labels, "app.kubernetes.io/managed-by": "bowline", "bowline/uuid": UUID });
  expect(metadata.annotations).toEqual(annotations);
  expect(pod.initContainers.map(({ name, restartPolicy }) => [name, restartPolicy])).toEqual([
    ["a", undefined],
    ["side", "Always"],
  ]);
  expect(spec).toMatchObject({ backoffLimit: 2, activeDeadlineSeconds: 60, ttlSecondsAfterFinished: 5 });
  expect(pod).not.toHaveProperty("activeDeadlineSeconds");
  const once = made({ termination: { maxRetries: 0, timeout: 60 } });
  expect(once.pod).toMatchObject({ activeDeadlineSeconds: 60 });
  expect(once.spec).toMatchObject({ activeDeadlineSeconds: 80 });
});

test("two connections that differ in one character, or have every character that may be, stay apart", () => {
  const long = `A.b_${"c".repeat(58)}`;
  const connections = { [`${long}1`]: connection(`${long}1`), [`${long}2`]: connection(`${long}2`) };
  const { pod, main } = made({ connections }, { connections: Object.keys(connections) });
  expect(secretsOf(pod, main)).toEqual([`secret-${long}1`, `secret-${long}2`]);
  expect(new Set(pod.volumes.map(({ name }) => name)).size).toBe(pod.volumes.length);
  for (const { name } of pod.volumes) expect(name).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
});
