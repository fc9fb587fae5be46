import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

/** A registry on loopback that has one image of nothing but a file, and lets nobody in without its password. */
export interface Registry {
  host: string;
  /** Authorization headers of what was asked, in order. */
  authorizations: (string | undefined)[];
  close: () => Promise<void>;
}

/** https://github.com/opencontainers/distribution-spec: the manifest, its config and its one layer. */
export async function startRegistry(
  layer: Buffer,
  { user, password }: { user: string; password: string },
): Promise<Registry> {
  const zipped = gzipSync(layer);
  const config = Buffer.from(
    JSON.stringify({
      ...{ architecture: process.arch === "x64" ? "amd64" : process.arch, os: "linux", config: { Cmd: ["/bin/sh"] } },
      rootfs: { type: "layers", diff_ids: [digest(layer)] },
    }),
  );
  const type = "application/vnd.docker.distribution.manifest.v2+json";
  const manifest = Buffer.from(
    JSON.stringify({
      ...{ schemaVersion: 2, mediaType: type },
      config: {
        mediaType: "application/vnd.docker.container.image.v1+json",
        size: config.length,
        digest: digest(config),
      },
      layers: [
        { mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip", size: zipped.length, digest: digest(zipped) },
      ],
    }),
  );
  const blobs = new Map([config, zipped].map((blob) => [digest(blob), blob]));
  const wanted = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  const authorizations: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const { authorization } = request.headers;
    authorizations.push(authorization);
    if (authorization !== wanted)
      return void response.writeHead(401, { "www-authenticate": 'Basic realm="test"' }).end();
    const path = request.url ?? "";
    if (path === "/v2/") return void response.end("{}");
    const isManifest = /\/manifests\/(tag|sha256:)/.test(path);
    const body = isManifest ? manifest : blobs.get(path.split("/").at(-1) ?? "");
    if (body === undefined || !path.startsWith("/v2/team/image/")) return void response.writeHead(404).end("{}");
    const headers = isManifest ? { "content-type": type, "docker-content-digest": digest(manifest) } : {};
    response.writeHead(200, { ...headers, "content-length": body.length });
    response.end(request.method === "HEAD" ? undefined : body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    authorizations,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function digest(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
