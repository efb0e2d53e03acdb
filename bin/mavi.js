#!/usr/bin/env node
import { existsSync } from 'node:fs';

const program = new URL('../dist/main.mjs', import.meta.url);
if (existsSync(program)) await (await import(program.href)).main();
else {
  console.error('mavi: this checkout is not built yet; run: npm ci');
  process.exitCode = 1;
}
