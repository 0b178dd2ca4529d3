// Write src/api/schema.d.ts from openapi.json. With --check, write nothing and fail if the file is stale.
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const web = new URL("../", import.meta.url);
const target = new URL("src/api/schema.d.ts", web);
const heading = "// Written by `make docs` from openapi.json. Do not edit.\n\n";
const text = heading + astToString(await openapiTS(JSON.parse(readFileSync(new URL("openapi.json", web), "utf8"))));
if (!process.argv.includes("--check")) writeFileSync(target, text);
else if (readFileSync(target, "utf8") !== text) {
  console.error("web/src/api/schema.d.ts is stale: run make docs");
  process.exit(1);
}
