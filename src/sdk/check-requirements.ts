import { checkStrings, refuse } from "./check-component.ts";
import { isObject } from "./tool-result.ts";

const MAX_REQUIREMENTS = 16;
const MAX_REASON = 1024;
const FEATURES = ["persistent", "swap"];

/** What is wrong with a member of a requirement, as the end of a sentence; nothing when it is right. */
type Check = (value: unknown) => string | undefined;

const flag: Check = (value) => (value === true ? undefined : "is not true, and left out is what is not");
const setting: Check = (value) =>
  typeof value === "string" && value !== "" ? undefined : "is not the name of a setting";

const MEMBERS: Record<string, Check> = {
  when: (value) => (isObject(value) ? undefined : "is not a JSON Schema of the settings"),
  for: (value) =>
    typeof value === "string" && value.trim() !== "" && value.length <= MAX_REASON
      ? undefined
      : `does not say, in at most ${MAX_REASON} characters, what does not work without it`,
  principal: flag,
  behindAuthentication: flag,
  peer: flag,
  http: setting,
  kv: (value) =>
    isObject(value) && setting(value["prefix"]) === undefined
      ? undefined
      : "has no prefix, which is the name of a setting",
  secret: setting,
};
const DEMANDS = Object.keys(MEMBERS).filter((name) => name !== "when" && name !== "for");

/** Checks what a middleware requires. @throws DefinitionError saying what is wrong. */
export function checkRequirements(what: string, requires: unknown): void {
  if (requires === undefined) return;
  if (!Array.isArray(requires)) refuse(what, "its requires is not a list");
  if (requires.length > MAX_REQUIREMENTS) {
    refuse(what, `it has ${requires.length} requirements, and ${MAX_REQUIREMENTS} are the most`);
  }
  for (const [i, requirement] of (requires as unknown[]).entries()) {
    const which = `its requires[${i}]`;
    if (!isObject(requirement)) refuse(what, `${which} is not an object`);
    for (const [name, value] of Object.entries({ for: undefined, ...requirement })) {
      if (!Object.hasOwn(MEMBERS, name)) {
        refuse(what, `${which} has "${name}"; there are ${Object.keys(MEMBERS).join(", ")}`);
      }
      const problem = value === undefined && name !== "for" ? undefined : MEMBERS[name]!(value);
      if (problem !== undefined) refuse(what, `${which}.${name} ${problem}`);
    }
    if (DEMANDS.every((name) => requirement[name] === undefined)) {
      refuse(what, `${which} requires nothing; there are ${DEMANDS.join(", ")}`);
    }
    if (isObject(requirement["kv"])) checkFeatures(what, which, requirement["kv"]);
  }
}

function checkFeatures(what: string, which: string, kv: Record<string, unknown>): void {
  const other = Object.keys(kv).find((name) => name !== "prefix" && name !== "features");
  if (other !== undefined) refuse(what, `${which}.kv has "${other}"; there are prefix, features`);
  const { features = [] } = kv;
  checkStrings(what, `${which.replace(/^its /, "")}.kv.features`, features);
  const unknown = (features as string[]).find((each) => !FEATURES.includes(each));
  if (unknown !== undefined) {
    refuse(what, `${which}.kv.features has "${unknown}"; there are ${FEATURES.join(", ")}`);
  }
}
