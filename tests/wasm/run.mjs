// Runs the cases of a program for WebAssembly, each in an instance of its own: `node run.mjs PROGRAM`.
// Exits with 1 if one fails.
import { readFile } from "node:fs/promises";
import { openSync, readFileSync, closeSync, rmSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argv, exit } from "node:process";

const module = await WebAssembly.compile(await readFile(argv[2]));
const isWasi = WebAssembly.Module.imports(module).some((i) => i.module === "wasi_snapshot_preview1");
const runCase = isWasi ? wasiCase : bareCase;
// What a libc of before its functions of threads leaves to the host: a thread is refused, as by newer ones.
const ENOTSUP = 58;
const noThreads = {};
for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (from === "env" && name.startsWith("pthread_")) {
        noThreads[name] = () => (name === "pthread_create" ? ENOTSUP : 0);
    }
}
const folder = mkdtempSync(join(tmpdir(), "selkie-wasm-"));

// `none` if there is no such case, else what it printed, and how it ended.
async function bareCase(index) {
    const lines = [];
    let memory;
    const tell = (start, length) => {
        lines.push(new TextDecoder().decode(new Uint8Array(memory.buffer, start, length)));
    };
    const instance = await WebAssembly.instantiate(module, { host: { tell } });
    memory = instance.exports.memory;
    try {
        return { none: instance.exports.run_case(index) === 0, text: lines, ended: true };
    } catch (trap) {
        return { text: lines, ended: false, trap };
    }
}

async function wasiCase(index) {
    const { WASI } = await import("node:wasi");
    const path = join(folder, "output");
    const file = openSync(path, "w");
    const wasi = new WASI({
        version: "preview1", args: ["program", String(index)], stdout: file, stderr: file, returnOnExit: true,
    });
    const imports = { wasi_snapshot_preview1: wasi.wasiImport, env: noThreads };
    const instance = await WebAssembly.instantiate(module, imports);
    let status, trap;
    try {
        status = wasi.start(instance);
    } catch (error) {
        trap = error;
    }
    closeSync(file);
    const text = readFileSync(path, "utf8").split("\n");
    return { none: status === 2, text, ended: status === 0 || status === undefined && !trap, trap };
}

let failed = 0;
let passed = 0;
for (let index = 0; ; index += 1) {
    const { none, text, ended, trap } = await runCase(index);
    if (none) {
        break;
    }
    const [, name, message] = /^case (.*?)(?: panics: (.*))?$/.exec(text[0]) ?? [, `number ${index}`];
    const good = message === undefined ? ended : !ended && text.join("\n").includes(message);
    console.log(`${good ? "pass" : "FAIL"} ${name}`);
    if (good) {
        passed += 1;
    } else {
        failed += 1;
        console.log(text.slice(1).join("\n"), trap ?? "");
    }
}
rmSync(folder, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
exit(failed === 0 && passed > 0 ? 0 : 1);
