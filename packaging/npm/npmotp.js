#!/usr/bin/env node
// Runs the program of npmotp that was installed for this system.
"use strict";
const { spawn } = require("node:child_process");
const onWindows = process.platform === "win32";
const name = `@npmotp/${process.platform}-${process.arch}`;
const optional = Object.keys(require("./package.json").optionalDependencies);

let program;
try {
  program = require.resolve(`${name}/npmotp${onWindows ? ".exe" : ""}`);
} catch {
  console.error(
    optional.includes(name)
      ? `npmotp: the package ${name} is not here: npmotp was installed without its optional dependencies, or for another system
npmotp: hint: npm install --include=optional npmotp`
      : `npmotp: there is no package for ${process.platform} on ${process.arch}
npmotp: hint: build it with Go; the readme says how`,
  );
  process.exit(1);
}

const args = process.argv.slice(2);
// The program takes the place of this process, with its signals and its input,
// where Node can do that: version 22.15 and later, and not on Windows.
if (process.execve && !onWindows) process.execve(program, ["npmotp", ...args], process.env);

// Before the program is there: what is pressed at its first question is for it.
let child;
for (const signal of ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"]) {
  // A terminal sends Ctrl-C to the program too: once is enough.
  const fromTerminal = signal === "SIGINT" || signal === "SIGQUIT";
  const terminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  try {
    process.on(signal, () => {
      if (!(fromTerminal && (terminal || onWindows))) child.kill(signal);
    });
  } catch {} // a signal that this system lacks
}
child = spawn(program, args, { stdio: "inherit", windowsHide: false });
child.on("error", (error) => {
  console.error(`npmotp: ${error.message}`);
  process.exit(1);
});
child.on("exit", (status, signal) => {
  if (!signal) process.exit(status);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
