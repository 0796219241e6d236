/** The links of a package's Markdown files that lead nowhere inside the package. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

const LINK = /\]\(([^)\s]+)\)/g;
const CODE = /^( *)```.*?^\1```$|`[^`\n]*`/gms;
const HEADING = /^#+ (.+)$/gm;

/** @returns such as `docs/cli.md: install.md#nothing` */
export function deadLinks(folder: string): readonly string[] {
  const pages = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".md"));
  return pages.flatMap((page) => {
    const text = readFileSync(path.join(folder, page), "utf8").replace(CODE, "");
    const links = [...text.matchAll(LINK)].map(([, link = ""]) => link).filter((link) => !/^[a-z]+:/.test(link));
    return links.filter((link) => !leads(folder, page, link)).map((link) => `${page}: ${link}`);
  });
}

function leads(folder: string, page: string, link: string): boolean {
  const [file = "", anchor] = link.split("#");
  const target = path.join(folder, file === "" ? page : path.join(path.dirname(page), file));
  const isThere = !path.relative(folder, target).startsWith("..") && statSync(target, { throwIfNoEntry: false });
  return Boolean(isThere) && (anchor === undefined || anchorsOf(target).has(anchor));
}

/** The anchors that GitHub and most renderers give to headings. */
function anchorsOf(page: string): ReadonlySet<string> {
  const headings = readFileSync(page, "utf8").matchAll(HEADING);
  return new Set(
    [...headings].map(([, text = ""]) =>
      text
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
}
