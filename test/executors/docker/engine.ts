import { execa } from "execa";

/** The docker command, with an engine of its own where that is asked. */
export async function docker(words: string[], env: Record<string, string> = {}): Promise<string> {
  return (await execa("docker", words, { env, stdin: "ignore" })).stdout;
}

/** Containers, networks and volumes of a run. */
export async function dockerLeftOf(uuid: string, env: Record<string, string> = {}): Promise<string[]> {
  const label = ["--filter", `label=bowline.run=${uuid}`];
  const lists = await Promise.all([
    docker(["ps", "-a", "--format", "container {{.Names}}", ...label], env),
    docker(["network", "ls", "--format", "network {{.Name}}", ...label], env),
    docker(["volume", "ls", "--format", "volume {{.Name}}", ...label], env),
  ]);
  return lists.flatMap((text) => text.split("\n").filter((line) => line !== ""));
}
