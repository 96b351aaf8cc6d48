// Renders the formulas of all pages of a site with KaTeX, so that readers need no script. A formula that KaTeX does not
// understand is an error. Usage: node formulas.mjs FOLDER_OF_KATEX SITE
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, site] = process.argv.slice(2);
const { default: katex } = await import(pathToFileURL(join(folder, "dist/katex.mjs")));
cpSync(join(folder, "dist/katex.min.css"), join(site, "katex/katex.min.css"));
cpSync(join(folder, "dist/fonts"), join(site, "katex/fonts"), { recursive: true });

const characters = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };
const plain = (text) => text.replace(/&(amp|lt|gt|quot|#39);/g, (entity) => characters[entity]);
const formula = /<(span|div) class="arithmatex">(?:\\\(([^]*?)\\\)|\\\[([^]*?)\\\])<\/\1>/g;
let count = 0;
const wrong = [];
for (const name of readdirSync(site, { recursive: true })) {
  if (!name.endsWith(".html")) continue;
  const page = readFileSync(join(site, name), "utf8");
  const rendered = page.replace(formula, (_, tag, inline, display) => {
    count += 1;
    try {
      return katex.renderToString(plain(inline ?? display), { displayMode: display !== undefined, strict: "error" });
    } catch (error) {
      wrong.push(`${name}: ${error.message}`);
      return "";
    }
  });
  if (rendered !== page) writeFileSync(join(site, name), rendered);
}
if (wrong.length) {
  console.error(wrong.join("\n"));
  process.exit(1);
}
console.log(`${count} formulas`);
