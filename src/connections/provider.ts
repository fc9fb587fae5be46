import type { Provider } from "./connection.ts";

/** The forge behind a host: as the schema says, else by the host's name; absent when neither tells. */
export function providerOf(host: string, stated?: Provider): Provider | undefined {
  if (stated !== undefined) return stated;
  const name = host.toLowerCase();
  if (isBelow(name, "dev.azure.com") || isBelow(name, "visualstudio.com")) return "azure-devops";
  if (isBelow(name, "ghe.com")) return "github";
  const labels = name.split(/[.-]/);
  return HOST_LABELS.find(([label]) => labels.includes(label))?.[1];
}

/**
 * The user name that goes with a bare token: what each forge's documentation prescribes, or, where it accepts any (Azure
 * DevOps, Gitea, GitHub), a harmless one. Bitbucket tells a user's API token from an access token by its prefix and wants
 * another name for each. A host that is not known gets GitLab's, which GitHub and Gitea servers take as well.
 */
export function tokenUsername(provider: Provider | undefined, token: string): string {
  switch (provider) {
    case "github":
      return "x-access-token";
    case "bitbucket":
      return token.startsWith("ATATT") ? "x-bitbucket-api-token-auth" : "x-token-auth";
    case "azure-devops":
      return "pat";
    default:
      return "oauth2";
  }
}

// A self-hosted forge is often named after its software: gitlab.corp.example, code-gitea.lan.
const HOST_LABELS: readonly (readonly [string, Provider])[] = [
  ["github", "github"],
  ["gitlab", "gitlab"],
  ["bitbucket", "bitbucket"],
  ["gitea", "gitea"],
  ["forgejo", "gitea"],
  ["codeberg", "gitea"],
];

function isBelow(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}
