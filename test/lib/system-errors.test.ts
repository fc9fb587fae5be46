import { constants } from "node:os";
import { expect, test } from "vitest";
import { errnoOf, systemError, writeError } from "../../src/lib/index.ts";

/** As Node throws it for a number that it has no name for. */
function unnamed(name: "EDQUOT" | "ESTALE"): Error {
  const number = -constants.errno[name];
  const message = `Unknown system error ${number}`;
  return Object.assign(new Error(`${message}: ${message}, fstat`), { errno: number, code: message, syscall: "fstat" });
}

test("a quota that is used up, which Node has no name for, is a full disk", () => {
  expect(errnoOf(unnamed("EDQUOT"))).toBe("EDQUOT");
  const told = { code: "DISK_FULL", message: 'no space is left to write "/data"' };
  expect(writeError("/data", unnamed("EDQUOT"))).toMatchObject(told);
});

test("a fault of an open file, of which the system names no path, is the disk's and no bug", () => {
  const told = { code: "DISK_NOT_WRITABLE", message: "a file cannot be used (ESTALE)" };
  expect(systemError(unnamed("ESTALE"))).toMatchObject(told);
  expect(systemError(unnamed("ESTALE"), "/data/file")?.message).toBe('"/data/file" cannot be used (ESTALE)');
  expect(systemError(Object.assign(new Error("kill EPERM"), { code: "EPERM", syscall: "kill" }))).toBeUndefined();
});

test("SQLite's words are told where it has no name of the system's", () => {
  const refusal = { code: "ERR_SQLITE_ERROR", errcode: 14 };
  const told = writeError("/data/lock", Object.assign(new Error("unable to open database file"), refusal));
  expect(told.message).toBe('"/data/lock" cannot be written (unable to open database file)');
  expect(errnoOf(Object.assign(new Error("disk I/O error"), { ...refusal, errcode: 10 }))).toBe("EIO");
});
