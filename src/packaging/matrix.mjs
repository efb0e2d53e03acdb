/**
 * Runs the tests of the built program and of the package on several versions of Node, which the npm registry
 * has as packages. Arguments name other versions: `npm run matrix -- 20.19.0 26`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const cache = join(root, 'node_modules/.cache/mavi-matrix');
const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The oldest that package.json promises, then the newest of each line. */
const DEFAULT_VERSIONS = [`${engines.node.replace('>=', '')}.0`, '20', '22', '24', '26'];

const wanted = process.argv.slice(2);
const rows = (wanted.length > 0 ? wanted : DEFAULT_VERSIONS).map(testOn);
printTable(rows);
const total = (key) => rows.reduce((sum, row) => sum + row[key], 0);
console.log(`\nmatrix: ${total('passed')} passed, ${total('failed')} failed`);
process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1;

function testOn(wantedVersion) {
  const node = installNode(wantedVersion);
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  console.log(`\nNode ${version}`);
  const report = join(cache, `${version}.json`);
  rmSync(report, { force: true });
  const started = Date.now();
  const { status } = spawnSync(
    process.execPath,
    [
      ...[
        'node_modules/vitest/vitest.mjs',
        'run',
        '--config',
        'test/vitest.all.config.ts',
        'bin/',
        'package/',
      ],
      ...['--reporter=default', '--reporter=json', `--outputFile=${report}`],
    ],
    { cwd: root, env: { ...process.env, MAVI_TEST_NODE: node }, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const { numTotalTests, numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'));
  return {
    version,
    tests: numTotalTests,
    passed: numPassedTests,
    failed: numFailedTests,
    seconds: Math.round((Date.now() - started) / 1000),
    ok: status === 0 && numPassedTests > 0,
  };
}

/** The path of a Node of that version, fetched unless it is there. */
function installNode(version) {
  const folder = join(cache, version);
  mkdirSync(folder, { recursive: true });
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  execFileSync(
    'npm',
    [
      'install',
      '--prefix',
      folder,
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      `${name}@${version}`,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  return join(folder, 'node_modules', name, 'bin/node');
}

function printTable(table) {
  const columns = ['version', 'tests', 'passed', 'failed', 'seconds'];
  const line = (cells) =>
    cells
      .map((cell) => String(cell).padEnd(10))
      .join('')
      .trimEnd();
  console.log(`\n${line(columns)}`);
  for (const row of table) console.log(line(columns.map((column) => row[column])));
}
