/** The licences of what a bundle contains of others. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Packages that name a licence without its text, and the one of the same author that ships the text. */
const TEXT_IN = {
  'truncate-utf8-bytes': 'sanitize-filename',
};

/**
 * Name, version and licence text of every package that esbuild has put into the outputs of a bundle.
 * Throws if one of them has no licence text.
 */
export function thirdPartyLicences(metafile, root) {
  const packages = [...bundledFolders(metafile, root)].map(readPackage);
  const parts = packages.sort(byName).map(({ name, version, license, texts }) => {
    const title = `${name} ${version} (${license})`;
    return `${title}\n${'-'.repeat(title.length)}\n\n${texts.join('\n\n')}\n`;
  });
  return `mavi contains these packages, each under its own licence.\n\n${parts.join('\n\n')}`;
}

/** The folders of the packages of which at least one byte got into an output. */
function bundledFolders(metafile, root) {
  const folders = new Map();
  for (const output of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      if (bytesInOutput === 0 || !input.includes('node_modules/')) continue;
      const folder = packageFolder(join(root, input));
      // Two copies of one version are one package.
      const { name, version } = manifestOf(folder);
      folders.set(`${name}@${version}`, folder);
    }
  }
  return folders.values();
}

/** Some packages have a nameless package.json further in, which only says what kind of modules there are. */
function packageFolder(file) {
  let folder = dirname(file);
  while (!existsSync(join(folder, 'package.json')) || manifestOf(folder).name === undefined) {
    folder = dirname(folder);
  }
  return folder;
}

function readPackage(folder) {
  const { name, version, license } = manifestOf(folder);
  const place = name in TEXT_IN ? join(folder, '..', TEXT_IN[name]) : folder;
  const texts = readdirSync(place)
    .filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
    .sort()
    .map((file) => readFileSync(join(place, file), 'utf8').replaceAll('\r\n', '\n').trim());
  if (texts.length === 0) throw new Error(`${name} ${version} is bundled, but has no licence text`);
  return { name, version, license, texts };
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function byName(one, other) {
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}
