// Reads AsyncAPI documents with the reference parser: what each holds, and what is wrong with it, as JSON, a line each.
const { Parser } = require("@asyncapi/parser");
const { readFileSync } = require("node:fs");

const read = async (path) => {
  const { document, diagnostics } = await new Parser().parse(readFileSync(path, "utf8"));
  const errors = diagnostics.filter((one) => one.severity === 0).map((one) => `${one.path.join(".")}: ${one.message}`);
  console.log(
    JSON.stringify({
      errors,
      channels: document ? document.channels().all().map((one) => one.address()) : [],
      messages: document ? document.channels().all().flatMap((one) => one.messages().all().map((message) => `${one.address()}/${message.name()}`)) : [],
      operations: document ? document.operations().all().map((one) => one.id()) : [],
    }),
  );
};
process.argv.slice(2).reduce((before, path) => before.then(() => read(path)), Promise.resolve());
