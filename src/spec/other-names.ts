/** Words that other tools use for a key, and older ones; nearness of letters does not find these. */
const OTHER_NAMES: Record<string, readonly string[]> = {
  revision: ["branch", "commit", "ref", "tag", "sha", "rev"],
  url: ["repo", "repository", "uri", "remote"],
  history: ["depth", "fetchDepth", "fetch-depth"],
  submodules: ["recursive"],
  command: ["cmd", "entrypoint", "run", "script"],
  env: ["environment", "envs", "variables", "envVars"],
  workingDir: ["workdir", "cwd", "dir"],
  value: ["default"],
  isOptional: ["optional", "required"],
  maxRetries: ["retries", "backoffLimit"],
  ttl: ["ttlSecondsAfterFinished"],
  timeout: ["activeDeadlineSeconds", "deadline"],
  content: ["text", "data"],
  chmod: ["mode", "defaultMode"],
  filename: ["name"],
  path: ["mountPath", "target", "folder"],
  connection: ["connectionName"],
  secret: ["secretName", "secretRef"],
  runPatch: ["patch"],
  pathRef: ["path", "ref"],
};

/** The known key that a word of another tool stands for. */
export function otherNameFor(key: string, known: readonly string[]): string | undefined {
  return known.find((name) => Object.hasOwn(OTHER_NAMES, name) && OTHER_NAMES[name]!.includes(key));
}

const RUN_KEYS = ["init", "container", "sidecars", "volumes", "environment", "ports", "replicas", "connections"];

/** Where a key belongs that was written one level too high or too low. */
export function belongsElsewhere(key: string, known: readonly string[]): string | undefined {
  if (known.includes("run") && RUN_KEYS.includes(key)) return `\`${key}\` belongs below \`run:\`: indent it`;
  if (known.includes("runPatch") && RUN_KEYS.includes(key))
    return `\`${key}\` belongs below \`runPatch:\`, or below the component's \`run:\``;
  if (known.includes("container") && ["command", "args", "image", "env", "resources", "workingDir"].includes(key)) {
    return `\`${key}\` belongs below \`container:\``;
  }
  if (known.includes("nodeSelector") && key === "resources") return "`resources` belongs below `container:`";
  if (known.includes("schema") && ["url", "revision", "flags", "provider", "auth", "username", "proxy"].includes(key))
    return `\`${key}\` belongs below \`schema:\``;
  if (known.includes("git") && ["url", "revision", "flags", "history", "branch"].includes(key))
    return `\`${key}\` belongs below \`git:\``;
  if (known.includes("container") && ["termination", "inputs", "outputs", "plugins", "params"].includes(key))
    return `\`${key}\` belongs beside \`run:\`, not in it`;
  return undefined;
}
