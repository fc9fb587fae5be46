import { statfs } from "node:fs/promises";

/** File systems whose locks and shared memory cannot be trusted between machines, by their magic in Linux's statfs(2). */
const NETWORK_MAGIC = new Set([
  0x6969, // NFS
  0x517b, // SMB
  0xff534d42, // CIFS
  0xfe534d42, // SMB2
  0x01021997, // 9p
  0x65735546, // FUSE: sshfs and its like
  0x5346414f, // AFS
  0x00c36400, // Ceph
  0x0bd00bd0, // Lustre
  0x01161970, // GFS2
  0x7461636f, // OCFS2
]);

/** Whether write-ahead logging would be unsafe there (https://www.sqlite.org/wal.html: "does not work over a network filesystem"). */
export async function isOnNetwork(path: string, platform: NodeJS.Platform = process.platform): Promise<boolean> {
  // macOS numbers its file systems as they are loaded; what it mounts from elsewhere is below these.
  if (platform === "darwin") return /^\/(?:Volumes|Network|net)\//.test(path);
  return isNetworkMagic((await statfs(path)).type);
}

export function isNetworkMagic(type: number): boolean {
  return NETWORK_MAGIC.has(type >>> 0);
}
