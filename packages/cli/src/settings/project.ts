/** `.signalbox.json`: what a project's folder says about its server. It is meant to be committed, so it holds no key. */
import { statSync } from "node:fs";
import path from "node:path";
import { EXIT, Failure } from "../failure.ts";
import { readJsonFile } from "./files.ts";

const FILE = ".signalbox.json";
const FIELDS = ["url", "profile", "forwards"];
const KEY = /\bsb_(?:live|test)_|\bwhsec_/;
const SECRET_NAME = /^(?:api_?key|key|secret|token|password|authorization)$/i;

export interface Project {
  readonly file: string;
  readonly url?: string;
  readonly profile?: string;
  /** Where `listen` sends events: by a type or a prefix that ends in `.*`. */
  readonly forwards: Readonly<Record<string, string>>;
}

/** The file in this folder or in the nearest folder above that has one; null when there is none. */
export function findProject(folder: string): Project | null {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const file = path.join(at, FILE);
    if (statSync(file, { throwIfNoEntry: false })?.isFile() === true)
      return readProject(file, readJsonFile(file, invalid));
    if (at === path.dirname(at)) return null;
  }
}

/** @throws Failure when the file has a key, or a field that is not one of a project */
export function readProject(file: string, value: unknown): Project {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(file, "is not a JSON object");
  const found: Readonly<Record<string, unknown>> = { ...value };
  const named = Object.keys(found).find((name) => SECRET_NAME.test(name));
  if (named !== undefined || KEY.test(JSON.stringify(found))) throw hasKey(file);
  const unknown = Object.keys(found).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined)
    throw invalid(file, `has the unknown field ${unknown}; the fields are ${FIELDS.join(", ")}`);
  const { url, profile, forwards = {} } = found;
  if (url !== undefined && typeof url !== "string") throw invalid(file, "has a url that is not a string");
  if (profile !== undefined && typeof profile !== "string") throw invalid(file, "has a profile that is not a string");
  if (!isRecordOfStrings(forwards)) throw invalid(file, "has forwards that are not an object of URLs");
  return { file, ...(url !== undefined && { url }), ...(profile !== undefined && { profile }), forwards };
}

function isRecordOfStrings(value: unknown): value is Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((each) => typeof each === "string");
}

function invalid(file: string, fault: string): Failure {
  return new Failure(EXIT.failed, "PROJECT_INVALID", `${file} ${fault}.`);
}

function hasKey(file: string): Failure {
  return new Failure(
    EXIT.failed,
    "PROJECT_HAS_KEY",
    `${file} contains a key. The file is shared with the project, so remove the key, revoke it, and run \`signalbox login URL\`.`,
  );
}
