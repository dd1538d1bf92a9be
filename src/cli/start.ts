#!/usr/bin/env node
import { startThreadEarly } from "../../hosts/node/core-thread.ts";

/** Options and variables that may ask for another thread than the usual one, or for none. */
const OTHER_THREADS = {
  options: /^--(?:limits|isolation)\b|^(?:--help|-h)$/,
  variables: ["TENON_LIMITS", "TENON_ISOLATION"],
};

const [command, ...argv] = process.argv.slice(2);
// It takes as long to start as all that comes before there is a core for it.
if (command === "serve" && hasUsualThread()) startThreadEarly();
void import("./run-program.ts").then(({ runProgram }) => runProgram());

function hasUsualThread(): boolean {
  const { options, variables } = OTHER_THREADS;
  return !argv.some((text) => options.test(text)) && !variables.some((name) => process.env[name]);
}
