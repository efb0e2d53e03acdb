#!/usr/bin/env node
import module from 'node:module';

// Node 22 and up keep compiled code between runs, which halves the time until the first line runs.
module.enableCompileCache?.();
const { main } = await import('../dist/main.js');
await main();
