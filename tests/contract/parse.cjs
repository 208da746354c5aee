// Reads an AsyncAPI document with the reference parser: what it holds, and what is wrong with it, as JSON.
const { Parser } = require("@asyncapi/parser");
const { readFileSync } = require("node:fs");

new Parser().parse(readFileSync(process.argv[2], "utf8")).then(({ document, diagnostics }) => {
  const errors = diagnostics.filter((one) => one.severity === 0).map((one) => `${one.path.join(".")}: ${one.message}`);
  console.log(
    JSON.stringify({
      errors,
      channels: document ? document.channels().all().map((one) => one.address()) : [],
      messages: document ? document.channels().all().flatMap((one) => one.messages().all().map((message) => `${one.address()}/${message.name()}`)) : [],
      operations: document ? document.operations().all().map((one) => one.id()) : [],
    }),
  );
});
