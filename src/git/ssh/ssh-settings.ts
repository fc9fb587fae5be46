import { devNull } from "node:os";
import type { Timeouts } from "../../config/index.ts";

/** What ssh is told whatever key it has: nothing of the user's or the machine's own settings; ssh_config(5). */
export const OWN_SETTINGS = {
  GlobalKnownHostsFile: devNull,
  IdentitiesOnly: "yes",
  IdentityAgent: "none",
  PreferredAuthentications: "publickey",
  PasswordAuthentication: "no",
  KbdInteractiveAuthentication: "no",
  UpdateHostKeys: "no",
  CheckHostIP: "no",
  HashKnownHosts: "no",
  ForwardAgent: "no",
  ForwardX11: "no",
  ClearAllForwardings: "yes",
  PermitLocalCommand: "no",
  ControlMaster: "no",
  ControlPath: "none",
  // A login banner is no error; what goes wrong is still said.
  LogLevel: "ERROR",
} as const;

/** What the user's own ssh is told: never to ask, and not to wait for ever. */
export function userSettings(timeouts: Timeouts): Record<string, string> {
  return { BatchMode: "yes", ...timeSettings(timeouts) };
}

/** In whole seconds, at least one. */
export function timeSettings({ connect, stall }: Timeouts): Record<string, string> {
  const seconds = (milliseconds: number): string => String(Math.max(1, Math.ceil(milliseconds / 1000)));
  return { ConnectTimeout: seconds(connect), ServerAliveInterval: seconds(stall / 3), ServerAliveCountMax: "3" };
}

/** A file for a setting: in quotes of ssh's own, as it takes a space for the end of a name, and without its %-signs for something else. */
export function fileName(path: string): string {
  return `"${path.replaceAll("%", "%%")}"`;
}
