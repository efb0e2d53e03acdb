#!/usr/bin/env node
'use strict';
const { loadProgram } = require('../dist/launch.cjs');

loadProgram(process, require).then(({ main }) => main());
