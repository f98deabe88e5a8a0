// A harness in Node.js, without dependencies, to copy: evte run --iut "cmd:node harness.mjs"
//
// It speaks the contract over standard input and output: one JSON-RPC 2.0 object per line, UTF-8.
// The class `Product` stands in for your own software and knows USIs only.  Throw it away, import your
// product instead, and offer more methods below: open your classes, pass the parameters, hand the answer
// back.  Keep logic out of here, or the report will be about the harness.

import { createInterface } from "node:readline";

// --- the product: replace by your own ---------------------------------------------------------------

class UsiError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

class Product {
  static name = "Node.js stand-in";
  static version = "1.0.0";

  static #alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

  checkCharacter(stem) {
    if (stem.length !== 9) throw new UsiError("E-LENGTH", "A USI has nine characters before the last.");
    let total = 0;
    for (let place = 0; place < 9; place += 1) {
      const value = Product.#alphabet.indexOf(stem[place]);
      if (value < 0) throw new UsiError("E-ALPHABET", `The character ${stem[place]} is in no USI.`);
      const product = value * (2 - (place % 2));
      total += Math.floor(product / 32) + (product % 32);
    }
    return Product.#alphabet[(32 - (total % 32)) % 32];
  }

  requireUsi(usi) {
    if (typeof usi !== "string") throw new UsiError("E-TYPE", "A USI is a text.");
    if (["INDIV", "INTOFF", "SHORT"].includes(usi)) throw new UsiError("E-CODE", "A reporting code is no USI.");
    if (usi.length !== 10) throw new UsiError("E-LENGTH", "A USI has ten characters.");
    if (this.checkCharacter(usi.slice(0, 9)) !== usi[9]) {
      if (!Product.#alphabet.includes(usi[9])) throw new UsiError("E-ALPHABET", "The last character is in no USI.");
      throw new UsiError("E-CHECK", "This USI has a typing mistake.");
    }
  }
}

const product = new Product();

// --- the methods that are offered: one entry each ---------------------------------------------------

const ok = (value = null) => ({ status: "ok", value });

const methods = {
  "usi.validate": ({ usi }) => {
    product.requireUsi(usi);
    return ok();
  },
  "usi.check_character": ({ stem }) => ok(product.checkCharacter(stem)),
};

// Your own codes, or parts of your messages, and the kit's reasons for them.
const errorMap = {
  "E-TYPE": "usi.type",
  "E-CODE": "usi.not_a_usi",
  "E-LENGTH": "usi.length",
  "E-ALPHABET": "usi.alphabet",
  "E-CHECK": "usi.check_character",
};

// --- the contract: leave as it is -------------------------------------------------------------------

const frame = {
  initialize: () =>
    ok({
      protocol: 1,
      implementation: {
        name: Product.name,
        version: Product.version,
        language: "JavaScript",
        runtime: `Node.js ${process.versions.node}`,
        build: "", // a digest of what you ship: "sha256:…"
      },
      capabilities: Object.keys(methods),
      error_map: errorMap,
    }),
  shutdown: () => ok(),
};

async function answer(method, params) {
  try {
    return await (frame[method] ?? methods[method])(params);
  } catch (error) {
    // What the product refuses on purpose is a refusal; everything else is an error, and never one.
    if (error instanceof UsiError) return { status: "rejected", native: { code: error.code, text: error.message } };
    console.error(error);
    return { status: "error", message: String(error) };
  }
}

// Standard output belongs to the contract: whatever the product logs goes to standard error.
console.log = console.info = console.debug = console.error;

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (!line.trim()) continue;
  const { id, method, params } = JSON.parse(line);
  const known = Object.hasOwn(frame, method) || Object.hasOwn(methods, method);
  const response = known
    ? { jsonrpc: "2.0", id, result: await answer(method, params) }
    : { jsonrpc: "2.0", id, error: { code: -32601, message: `${method} is not offered` } };
  process.stdout.write(`${JSON.stringify(response)}\n`);
  if (method === "shutdown") break;
}
process.exitCode = 0;
process.stdin.destroy();
