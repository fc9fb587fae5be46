import { setTimeout as sleep } from "node:timers/promises";
import { BowlineError } from "../../../lib/index.ts";
import type { KubeApi } from "./kube-api.ts";
import type { Query } from "./transport.ts";
import { statusOf } from "./kube-errors.ts";
import { linesOf } from "./lines.ts";
import type { KubeObject } from "./objects.ts";

/** All objects of one kind behind a selector, kept true by one watch. */
export interface Informer<T extends KubeObject> {
  /** By name. */
  objects: ReadonlyMap<string, T>;
  /** Resolves when they were listed for the first time; rejects when the cluster refuses that. */
  synced: Promise<void>;
  close: () => void;
}

export interface InformerOptions<T extends KubeObject> {
  path: string;
  query?: Query;
  /** After each change of one object; `gone` with its last state. */
  onChange?: (object: T, gone: boolean) => void;
}

/** A watch ends by itself after this time and is taken up again, in seconds; a dead connection is thus found out in little more. */
const WATCH_TIME = 50;
const STALLED_AFTER = (WATCH_TIME + 15) * 1000;

/** Objects in one answer of a list. */
const PAGE = 500;

const LONGEST_WAIT = 5_000;

/**
 * Lists, then watches from there. A watch that ends, breaks or stalls is taken up where it was; one whose place has expired (410) lists
 * again and tells what changed meanwhile. Goes on until it is closed, whatever becomes of the server.
 */
export function openInformer<T extends KubeObject>(api: KubeApi, options: InformerOptions<T>): Informer<T> {
  const { path, query = {}, onChange = () => {} } = options;
  const objects = new Map<string, T>();
  const closing = new AbortController();
  const { signal } = closing;

  function set(object: T): void {
    objects.set(object.metadata.name, object);
    onChange(object, false);
  }

  function drop(object: T): void {
    objects.delete(object.metadata.name);
    onChange(object, true);
  }

  async function list(): Promise<string> {
    const found = new Map<string, T>();
    let from: string | undefined;
    let version = "";
    do {
      const page: List<T> = await api.get(path, { ...query, limit: PAGE, continue: from });
      for (const item of page.items) found.set(item.metadata.name, item);
      version = page.metadata.resourceVersion;
      from = page.metadata.continue || undefined;
    } while (from !== undefined);
    for (const [name, object] of objects) if (!found.has(name)) drop(object);
    for (const [name, object] of found) {
      if (objects.get(name)?.metadata.resourceVersion !== object.metadata.resourceVersion) set(object);
    }
    return version;
  }

  /** Gives the place to go on from, or undefined when it has expired. */
  async function watch(from: string): Promise<string | undefined> {
    let version = from;
    const stalled = new AbortController();
    const clock = setTimeout(() => stalled.abort(), STALLED_AFTER);
    try {
      const asked = { ...query, watch: true, allowWatchBookmarks: true, resourceVersion: from };
      const both = AbortSignal.any([signal, stalled.signal]);
      const answer = await api.stream(path, { ...asked, timeoutSeconds: WATCH_TIME }, both);
      for await (const { line, whole } of linesOf(answer)) {
        if (!whole) break;
        const event = JSON.parse(line.toString()) as WatchEvent<T>;
        if (event.type === "ERROR") return event.object.code === 410 ? undefined : version;
        version = event.object.metadata.resourceVersion ?? version;
        if (event.type === "DELETED") drop(event.object);
        else if (event.type !== "BOOKMARK") set(event.object);
        clock.refresh();
      }
      return version;
    } catch (error) {
      if (statusOf(error)?.code === 410) return undefined;
      // A connection that broke; a server that is gone is asked for by the next request, with patience.
      if (!(error instanceof BowlineError)) return version;
      throw error;
    } finally {
      clearTimeout(clock);
    }
  }

  async function follow(first: string): Promise<void> {
    let version: string | undefined = first;
    let failures = 0;
    while (!signal.aborted) {
      const before = Date.now();
      try {
        version = version === undefined ? await list() : await watch(version);
        failures = 0;
      } catch {
        // Longer away than any patience, or rights taken away: the objects stay as they were last seen.
        failures += 1;
      }
      // A server that ends each watch at once is not to be asked in a busy loop.
      const quick = Date.now() - before < 1_000;
      const wait = failures > 0 ? Math.min(500 * 2 ** failures, LONGEST_WAIT) : quick ? 200 : 0;
      if (wait > 0) await sleep(wait, undefined, { signal }).catch(() => {});
    }
  }

  const synced = list().then((version) => void follow(version));
  return { objects, synced, close: () => closing.abort() };
}

interface List<T> {
  items: T[];
  metadata: { resourceVersion: string; continue?: string };
}

type WatchEvent<T extends KubeObject> =
  | { type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"; object: T }
  | { type: "ERROR"; object: { code?: number; metadata: { resourceVersion?: string } } };
