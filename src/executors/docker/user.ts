import { buffer } from "node:stream/consumers";
import type { DockerClient } from "./client/client.ts";
import { firstFile } from "./client/tar.ts";

/** A user and group by number. */
export interface Owner {
  uid: number;
  gid: number;
}

/** Reads a file of a container, running or not; undefined where it is none. */
export type ReadFile = (path: string) => Promise<string | undefined>;

/**
 * Who a container runs as. Names are looked up in the image's own /etc/passwd and /etc/group, as the engine does it: a user without a
 * group has the one of his passwd entry, else 0.
 */
export async function ownerOf(user: string, read: ReadFile): Promise<Owner> {
  const [name = "", group] = user.split(":");
  if (name === "" || name === "root" || name === "0") return { uid: 0, gid: await groupId(group, read, 0) };
  const passwd = (await read("/etc/passwd")) ?? "";
  const entry = passwd
    .split("\n")
    .map((line) => line.split(":"))
    .find(([entryName, , uid]) => entryName === name || uid === name);
  const uid = /^\d+$/.test(name) ? Number(name) : Number(entry?.[2] ?? 0);
  return { uid, gid: await groupId(group, read, Number(entry?.[3] ?? 0)) };
}

async function groupId(group: string | undefined, read: ReadFile, otherwise: number): Promise<number> {
  if (group === undefined || group === "") return otherwise;
  if (/^\d+$/.test(group)) return Number(group);
  const lines = ((await read("/etc/group")) ?? "").split("\n").map((line) => line.split(":"));
  return Number(lines.find(([name]) => name === group)?.[2] ?? otherwise);
}

/** Files of a container by the engine's archives. */
export function containerFiles(client: DockerClient, id: string): ReadFile {
  return async (path) => {
    try {
      const answer = await client.open("GET", `/containers/${id}/archive`, { query: { path } });
      return firstFile(await buffer(answer))?.toString();
    } catch {
      return undefined;
    }
  };
}
